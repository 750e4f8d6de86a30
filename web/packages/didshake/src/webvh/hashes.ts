import { concat } from "../bytes.js";
import { fromBase58, hash, toBase58 } from "../encoding.js";
import type { Json } from "../json.js";
import { canonical } from "./jcs.js";

/** The multihash of SHA-256: its code, and 32 bytes. */
const SHA_256 = Uint8Array.of(0x12, 0x20);

/** The hash text of bytes: base58btc of the multihash of SHA-256. */
export function hashText(bytes: Uint8Array): string {
  return toBase58(concat(SHA_256, hash(bytes)));
}

/** H of section 9.8. */
export function hashOf(value: Json): string {
  return hashText(canonical(value));
}

/** True for a hash text. */
export function isHashText(text: string): boolean {
  const bytes = text.length === 46 ? fromBase58(text) : undefined;
  return bytes?.length === 34 && bytes[0] === 0x12 && bytes[1] === 0x20;
}
