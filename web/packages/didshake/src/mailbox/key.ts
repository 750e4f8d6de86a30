import { x25519 } from "@noble/curves/ed25519.js";
import { concat, copyBytes, equal, Reader, u8, utf8, wipe } from "../bytes.js";
import { checkLocal, type Clock, type LocalIdentity, type Random, type VerifiedPeer } from "../config.js";
import { names } from "../did.js";
import { callerFault, DidshakeError, refuse } from "../errors.js";
import { hash } from "../encoding.js";
import { decap, KEY, type KeyPair } from "./hpke.js";
import {
  authorBytes, authorOf, checkAuthor, drawBytes, isTime, readSignedAuthor, readClock, readU64, sign, SKEW, u64, unanswered, type MailboxView,
  type SignedAuthor,
} from "./signed.js";

/** Seconds that a mailbox key is good for at most: 90 days. */
export const MAX_KEY_LIFETIME = 7_776_000;
/** Seconds that its owner still opens envelopes after a mailbox key has ended: the longest life of a letter, and a minute. */
export const GRACE = 2_592_060;

const TYPE = 32;
const VERSION = 1;
const SIGNATURE = 64;
const SIGNED = concat(utf8("didshake/1 mailbox key"), u8(0));
/** The longest: a DID of 2,048 bytes, a fragment of 255. */
const MAX_MAILBOX_KEY = 50 + 2 + 2048 + 1 + 255 + 1 + SIGNATURE;

/** A mailbox key that has a right form. */
interface DecodedKey {
  readonly publicKey: Uint8Array;
  readonly begins: bigint;
  readonly ends: bigint;
  readonly owner: SignedAuthor;
  /** What the owner has signed. */
  readonly message: Uint8Array;
}

/** The key id of a public key (section 2). */
export function keyId(publicKey: Uint8Array): Uint8Array {
  return hash(concat(utf8("didshake/1 mailbox key id"), publicKey)).slice(0, 16);
}

/** The form of a mailbox key, field by field. */
function decode(bytes: Uint8Array): DecodedKey {
  const reader = new Reader(bytes, "mailbox_key_malformed");
  if (reader.u8() !== TYPE || reader.u8() !== VERSION) refuse("mailbox_key_malformed");
  const publicKey = Uint8Array.from(reader.take(KEY));
  const [begins, ends] = [readU64(reader), readU64(reader)];
  const owner = readSignedAuthor(reader);
  if (reader.remaining > 0) refuse("mailbox_key_malformed");
  return { publicKey, begins, ends, owner, message: concat(SIGNED, bytes.subarray(0, bytes.length - SIGNATURE)) };
}

function checkPeriod({ begins, ends }: DecodedKey): void {
  if (ends <= begins || ends - begins > MAX_KEY_LIFETIME) refuse("mailbox_key_period");
}

/** What an owner makes a mailbox key of. */
export interface MailboxKeyOptions {
  /** Whose mailbox it is; its signer signs the key. */
  readonly identity: LocalIdentity;
  /** Seconds that the key is good for, at most {@link MAX_KEY_LIFETIME}. */
  readonly lifetime: number;
  /** Unix seconds from which on it is good; now, unless given. */
  readonly begins?: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** What an owner keeps of a mailbox key, to have it again later. */
export interface StoredMailboxKey {
  /** 32 bytes: whoever has them opens what is sealed to the key. */
  readonly secret: Uint8Array;
  /** The signed mailbox key. */
  readonly signedKey: Uint8Array;
}

/** A mailbox key as its owner has it, with the secret half. {@link wipe} it at {@link over}: that is what forward secrecy is. */
export class MailboxKeyPair {
  /** The DID of the owner. */
  readonly did: string;
  /** The mailbox key, signed: what senders get. */
  readonly signedKey: Uint8Array;
  /** The X25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The key id that envelopes name, 16 bytes. */
  readonly id: Uint8Array;
  /** Unix seconds from which on it is good. */
  readonly begins: number;
  /** Unix seconds from which on it is not. */
  readonly ends: number;
  #secret: Uint8Array | undefined;

  private constructor(secret: Uint8Array, signedKey: Uint8Array) {
    const decoded = decode(signedKey);
    checkPeriod(decoded);
    if (decoded.ends > Number.MAX_SAFE_INTEGER) callerFault("a time that is too far");
    if (!equal(x25519.getPublicKey(secret), decoded.publicKey)) callerFault("the secret is not that of the mailbox key");
    this.did = decoded.owner.did;
    this.signedKey = signedKey;
    this.publicKey = decoded.publicKey;
    this.id = keyId(decoded.publicKey);
    this.begins = Number(decoded.begins);
    this.ends = Number(decoded.ends);
    this.#secret = secret;
  }

  /**
   * Makes a key pair and signs the mailbox key (R-MBOX-1).
   * @throws DidshakeError `caller` for what cannot be signed; `own_failure` if the signer or the source of randomness fails
   */
  static async generate({ identity, lifetime, begins, clock, random }: MailboxKeyOptions): Promise<MailboxKeyPair> {
    checkLocal(identity);
    const from = begins ?? readClock(clock);
    if (!Number.isInteger(lifetime) || lifetime < 1 || lifetime > MAX_KEY_LIFETIME) callerFault("a mailbox key is for 1 s to 90 days");
    if (!isTime(from) || !isTime(from + lifetime)) callerFault("begins is Unix seconds");
    const secret = drawBytes(random, KEY);
    try {
      const author = authorBytes(authorOf(identity));
      const head = concat(u8(TYPE), u8(VERSION), x25519.getPublicKey(secret), u64(from), u64(from + lifetime), author);
      return new MailboxKeyPair(secret, concat(head, await sign(identity, concat(SIGNED, head))));
    } catch (fault) {
      wipe(secret);
      throw fault;
    }
  }

  /**
   * The pair of {@link stored}, which is copied. Its signature is not looked at again.
   * @throws DidshakeError `caller` if secret and mailbox key are not of each other; the code of the form or the period
   */
  static restore({ secret, signedKey }: StoredMailboxKey): MailboxKeyPair {
    const copy = copyBytes(secret, "a secret", KEY);
    if (copy.length !== KEY) callerFault("the secret of a mailbox key is 32 bytes");
    return new MailboxKeyPair(copy, copyBytes(signedKey, "a mailbox key", MAX_MAILBOX_KEY));
  }

  /** Copies for the owner's own store, which has to keep the secret as one. Errors: `state_used` after {@link wipe}. */
  stored(): StoredMailboxKey {
    return { secret: Uint8Array.from(this.#alive()), signedKey: Uint8Array.from(this.signedKey) };
  }

  /** Unix seconds from which on no envelope to it is opened any more (R-MBOX-6). */
  get over(): number {
    return this.ends + GRACE;
  }

  /** @internal Whether an envelope of this key id is to be opened with it now. */
  opens(id: Uint8Array, now: number): boolean {
    return this.#secret !== undefined && equal(this.id, id) && now < this.over;
  }

  /** @internal HPKE's shared secret; undefined if Diffie-Hellman gives zeros. */
  decap(enc: Uint8Array): Uint8Array | undefined {
    const pair: KeyPair = { secret: this.#alive(), publicKey: this.publicKey };
    return decap(pair, enc);
  }

  /** Overwrites the secret; nothing that was sealed to the key is opened afterwards. */
  wipe(): void {
    wipe(this.#secret);
    this.#secret = undefined;
  }

  #alive(): Uint8Array {
    if (this.#secret === undefined) throw new DidshakeError("state_used", { detail: "the mailbox key is wiped" });
    return this.#secret;
  }
}

/** A mailbox key that has passed the checks of section 2: what a letter can be sealed to. {@link verifyMailboxKey} makes it. */
export class MailboxKey {
  /** Whose it is, with the key that its signature was verified with. */
  readonly owner: VerifiedPeer;
  /** The X25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The key id that envelopes name, 16 bytes. */
  readonly id: Uint8Array;
  /** Unix seconds from which on it is good. */
  readonly begins: number;
  /** Unix seconds from which on it is not. */
  readonly ends: number;

  private constructor(owner: VerifiedPeer, { publicKey, begins, ends }: DecodedKey) {
    [this.owner, this.publicKey, this.id] = [owner, publicKey, keyId(publicKey)];
    [this.begins, this.ends] = [Number(begins), Number(ends)];
  }

  /** @internal All checks of section 2, in their order. */
  static async verify(bytes: Uint8Array, view: MailboxKeyView): Promise<MailboxKey> {
    const now = readClock(view.clock);
    const decoded = decode(copyBytes(bytes, "a mailbox key", MAX_MAILBOX_KEY));
    checkPeriod(decoded);
    checkTime(decoded, now);
    const { owner, message } = decoded;
    if (!names(view.meant.did, owner.did)) refuse("not_admitted");
    return new MailboxKey(await checkAuthor(owner, message, now, view), decoded);
  }
}

/** @internal Whether a mailbox key is good now. Errors: `mailbox_key_time`. */
export function checkTime({ begins, ends }: { readonly begins: number | bigint; readonly ends: number | bigint }, now: number): void {
  if (begins > now + SKEW || ends <= now) refuse("mailbox_key_time");
}

/** How a sender reads a mailbox key. */
export interface MailboxKeyView extends MailboxView {
  /** Whom the sender means: a letter goes to nobody else. */
  readonly meant: { readonly did: string };
}

/**
 * The checks of a sender (section 2), in their order.
 * @param bytes the mailbox key, from wherever it came
 * @throws DidshakeError with the code of the check that fails, and without an alert: nothing is answered
 */
export function verifyMailboxKey(bytes: Uint8Array, view: MailboxKeyView): Promise<MailboxKey> {
  return unanswered(() => MailboxKey.verify(bytes, view));
}
