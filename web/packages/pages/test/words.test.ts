import { expect, test } from "vitest";
import { WORDS, wordsOf } from "../src/words.js";

test("256 different words, of three to seven small letters", () => {
  expect(WORDS.length).toBe(256);
  expect(new Set(WORDS).size).toBe(256);
  expect(WORDS.filter((word) => !/^[a-z]{3,7}$/.test(word))).toEqual([]);
});

// SHA-256("did:example:123") begins with 17 6e 42 8f, as sha256sum prints it
test("the words of a DID are those of the first four bytes of its hash, and stay what they are", () => {
  expect(wordsOf("did:example:123")).toBe("barn flute circus ink");
});
