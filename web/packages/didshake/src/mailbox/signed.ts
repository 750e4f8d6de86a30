import { concat, latin1, u32, u8, utf8, vec16, vec8, type Reader } from "../bytes.js";
import type { Clock, LocalIdentity, Random, VerifiedPeer } from "../config.js";
import { didMethod, hasOneMethod, isFragment, MAX_DID } from "../did.js";
import { DidshakeError, refuse } from "../errors.js";
import { resolveKey, type Resolver } from "../resolver.js";
import { checkKey, ED25519, ES256, verify, type Algorithm } from "../signatures.js";

/** What both sides of a mailbox read with. */
export interface MailboxView {
  /** The reader's clock, read once. */
  readonly clock: Clock;
  /** Resolvers for other methods than `key` and `jwk`. */
  readonly resolvers?: readonly Resolver[];
  /** Ends resolution. */
  readonly signal?: AbortSignal;
}

/** Seconds that the clock of who made something may be ahead. */
export const SKEW = 60;

/** Whose signature it is: of a mailbox key or a contact card its owner, of a letter its sender. */
export interface Author {
  readonly did: string;
  readonly fragment: string;
  readonly algorithm: Algorithm;
}

/** An author as it was read. */
export interface SignedAuthor extends Author {
  readonly signature: Uint8Array;
}

/** Whose identity it is, as it will be written. */
export function authorOf({ did, fragment, signer }: LocalIdentity): Author {
  return { did, fragment, algorithm: signer.publicKey.algorithm };
}

/** `vec16<DID> ‖ vec8<fragment> ‖ u8 algorithm`. */
export function authorBytes({ did, fragment, algorithm }: Author): Uint8Array {
  return concat(vec16(utf8(did)), vec8(utf8(fragment)), u8(algorithm));
}

/** DID, fragment, algorithm and signature, each checked when it has been read. */
export function readSignedAuthor(reader: Reader): SignedAuthor {
  return { ...readAuthor(reader), signature: Uint8Array.from(reader.take(64)) };
}

/** The same without the signature, which stands elsewhere in a contact card. */
export function readAuthor(reader: Reader): Author {
  const length = reader.u16();
  if (length > MAX_DID) refuse("did_syntax");
  const did = latin1(reader.take(length));
  if (didMethod(did) === undefined) refuse("did_syntax");
  const fragment = latin1(reader.vec8());
  const fits = hasOneMethod(did) ? fragment === "" : fragment !== "" && isFragment(fragment);
  if (!fits) refuse("fragment_rule");
  const algorithm = reader.u8();
  if (algorithm !== ED25519 && algorithm !== ES256) refuse("unknown_algorithm");
  return { did, fragment, algorithm };
}

/** `u64 value`. */
export function u64(value: number): Uint8Array {
  return concat(u32(Math.floor(value / 0x1_0000_0000)), u32(value % 0x1_0000_0000));
}

/** A u64, whose largest values a number does not hold. */
export function readU64(reader: Reader): bigint {
  return BigInt(reader.u32()) * 0x1_0000_0000n + BigInt(reader.u32());
}

/** Signs as the identity; a signer that fails is a failure of our own. */
export async function sign({ signer }: LocalIdentity, message: Uint8Array): Promise<Uint8Array> {
  let signature: Uint8Array;
  try {
    signature = await signer.sign(message);
  } catch {
    throw new DidshakeError("own_failure", { detail: "the signer" });
  }
  if (!(signature instanceof Uint8Array) || signature.length !== 64) throw new DidshakeError("own_failure", { detail: "the signer" });
  return signature;
}

/** Checks 4 to 6 of section 11. */
export async function checkAuthor(author: SignedAuthor, message: Uint8Array, now: number, view: MailboxView): Promise<VerifiedPeer> {
  const { did, fragment, algorithm, signature } = author;
  const key = await resolveKey(view.resolvers ?? [], { did, fragment, now, signal: view.signal });
  checkKey(key);
  if (key.algorithm !== algorithm) refuse("algorithm_mismatch");
  verify(key, message, signature);
  return { did, fragment, algorithm, publicKey: key.bytes };
}

/** So many random bytes. Errors: `own_failure`. */
export function drawBytes(random: Random, length: number): Uint8Array {
  let drawn: Uint8Array;
  try {
    drawn = Uint8Array.from(random(length));
  } catch {
    throw new DidshakeError("own_failure", { detail: "randomness" });
  }
  if (drawn.length !== length) throw new DidshakeError("own_failure", { detail: "randomness" });
  return drawn;
}

/** True for what can be Unix seconds here. */
export function isTime(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** The time. Errors: `own_failure` for a clock that has none. */
export function readClock(clock: Clock): number {
  const now = clock();
  if (!isTime(now)) throw new DidshakeError("own_failure", { detail: "the clock" });
  return now;
}

/** Nothing is answered to a mailbox key or an envelope, whatever is wrong with it: the error has no alert here. */
export async function unanswered<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (fault) {
    if (!(fault instanceof DidshakeError) || fault.alert === null) throw fault;
    throw new DidshakeError(fault.code, { alert: null });
  }
}
