import { concat, utf8 } from "./bytes.js";
import type { Common } from "./config.js";
import { DidshakeError, INTERNAL } from "./errors.js";
import { hash } from "./encoding.js";

/** The body of `recipient` (7.6). */
export function recipientBody(nonce: Uint8Array, did: string): Uint8Array {
  return hash(concat(utf8("didshake/1 recipient"), nonce, utf8(did))).slice(0, 16);
}

/** An ephemeral secret and a nonce, of 32 bytes each (R-SEC-1). */
export function draw({ random }: Pick<Common, "random">, nonceLength: number): [Uint8Array, Uint8Array] {
  let drawn: [Uint8Array, Uint8Array];
  try {
    drawn = [Uint8Array.from(random(32)), Uint8Array.from(random(nonceLength))];
  } catch {
    throw new DidshakeError("own_failure", { alert: INTERNAL, detail: "randomness" });
  }
  if (drawn[0].length !== 32 || drawn[1].length !== nonceLength) {
    throw new DidshakeError("own_failure", { alert: INTERNAL, detail: "randomness" });
  }
  return drawn;
}
