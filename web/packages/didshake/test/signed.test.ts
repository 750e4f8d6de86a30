import { describe, expect, it } from "vitest";
import { loadVectors } from "./support/files.js";
import { runSigned } from "./support/signed.js";

const { index, handshakes } = loadVectors();
const positives = handshakes.filter(({ kind }) => kind === "positive");

// keys that cannot be exported sign: their signatures are verified and never compared
describe("positive vectors signed by WebCrypto", () => {
  it("are all there", () => expect(positives.length).toBe(index.positives));
  it.each(positives)("$id", async (vector) => runSigned(vector));
});
