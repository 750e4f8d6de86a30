import { concat, utf8 } from "../bytes.js";
import type { Random } from "../config.js";
import { fromBase64url, hash, toBase64url } from "../encoding.js";
import { callerFault } from "../errors.js";
import { drawBytes } from "../mailbox/signed.js";

const TOKEN = 32;

/**
 * A new deposit token, 43 characters: one for each contact, who keeps it secret. Errors: `own_failure` if the source of
 * randomness fails.
 */
export function newDepositToken(random: Random): string {
  return toBase64url(drawBytes(random, TOKEN));
}

/** What the relay keeps of a deposit token (section 2), and what names it to the owner. Errors: `caller` if it is none. */
export function tokenHash(token: string): string {
  return toBase64url(hash(concat(utf8("didshake/1 deposit token"), tokenBytes(token))));
}

/** @internal Errors: `caller`. */
export function tokenBytes(token: string): Uint8Array {
  const bytes = fromBase64url(token);
  if (bytes?.length !== TOKEN) callerFault("a deposit token is 43 characters of base64url");
  return bytes;
}

/** @internal The name of a deposit (section 4). */
export function depositName(envelope: Uint8Array): string {
  return toBase64url(hash(concat(utf8("didshake/1 deposit"), envelope)).subarray(0, 16));
}
