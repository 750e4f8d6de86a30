import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fromHex } from "../../didshake/src/bytes.js";
import { partsOf, spaced } from "../src/inspector.js";

const { messages } = JSON.parse(readFileSync(new URL("../../../../vectors/positive/p-key-ed25519.json", import.meta.url), "utf8")) as
  { messages: { message: string; wire: string }[] };
const wire = (name: string): Uint8Array => fromHex(messages.find(({ message }) => message === name)?.wire ?? "");

test("a Hello is read in full", () => {
  const { name, fields, sealed } = partsOf(wire("hello"));
  expect([name, sealed]).toEqual(["Hello", 0]);
  expect(fields.map(([label]) => label)).toEqual(["version", "suites offered", "key share", "nonce", "application"]);
  expect(fields.find(([label]) => label === "key share")?.[1]).toHaveLength(64);
});

test("of the others, the sealed part is named as such", () => {
  expect(["reply", "finish", "accept"].map((name) => partsOf(wire(name)).sealed)).toEqual([144, 144, 22]);
});

test("what is no message has no fields, and does not throw", () => {
  for (const bytes of [new Uint8Array(), Uint8Array.of(1), Uint8Array.of(2, 0), Uint8Array.of(99, 1)]) expect(partsOf(bytes).fields).toEqual([]);
  expect(spaced(Uint8Array.of(1, 2, 3, 4, 5))).toBe("01020304 05");
});
