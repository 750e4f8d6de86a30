import { describe, expect, it } from "vitest";
import { admits } from "../src/checks.js";
import { checkLocal } from "../src/config.js";
import { names } from "../src/did.js";
import { toMultibase } from "../src/keys.js";
import { resolveKey } from "../src/resolver.js";
import { codeOf, newIdentity } from "./support/loopback.js";

// the example of the DIF's specification, and what a peer of this page makes of it
const TWO = "did:peer:2.Vz6Mkj3PUd1WjvaDhNZhhhXQdz5UnZXmS7ehtx8bsPpD47kKc.Ez6LSg8zQom395jKLrGiBNruB9MM6V8PWuf2FpEy4uRFiqQBR";
const [SHORT, LONG] = ["did:peer:4zA", "did:peer:4zA:zB"];
const { signer } = newIdentity(1);

describe("did:peer", () => {
  it("resolves without a resolver, and no resolver stands in for it (R-DID-11)", async () => {
    const resolver = { methods: ["peer"], resolve: () => Promise.resolve({ kind: "not_found" as const }) };
    const key = await resolveKey([resolver], { did: TWO, fragment: "key-1", now: 0 });
    expect(toMultibase(key)).toBe("z6Mkj3PUd1WjvaDhNZhhhXQdz5UnZXmS7ehtx8bsPpD47kKc");
    expect(await codeOf(() => resolveKey([resolver], { did: TWO, fragment: "key-2", now: 0 }))).toBe("method_not_authentication");
  });

  it("a rule by the short form is one for the long form and for nothing else (R-DID-21)", async () => {
    expect(await admits({ did: SHORT }, LONG)).toBe(true);
    for (const [meant, did] of [[LONG, SHORT], [LONG, "did:peer:4zA:zC"], [SHORT, "did:peer:4zAA:zB"], ["did:peer:2", "did:peer:2:a"]] as const) {
      expect(names(meant, did)).toBe(false);
    }
  });

  it("an identity has the long form (R-DID-19)", async () => {
    expect(await codeOf(() => checkLocal({ did: SHORT, fragment: "key-1", signer }))).toBe("caller");
    checkLocal({ did: `did:peer:2.V${toMultibase(signer.publicKey)}`, fragment: "key-1", signer });
  });
});
