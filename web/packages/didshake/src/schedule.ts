import { expand, extract } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, u16, u8, utf8, vec16, vec8, wipe } from "./bytes.js";
import { callerFault, DidshakeError } from "./errors.js";
import { hash } from "./encoding.js";

/** Extract of section 2. */
export function Extract(salt: Uint8Array, ikm: Uint8Array): Uint8Array {
  return extract(sha256, ikm, salt);
}

/** Expand of section 2. */
export function Expand(prk: Uint8Array, info: Uint8Array | string, length: number): Uint8Array {
  return expand(sha256, prk, typeof info === "string" ? utf8(info) : info, length);
}

/** th0 of section 5.1. */
export function transcriptStart(binding: number, prologue: Uint8Array): Uint8Array {
  return hash(concat(utf8("didshake/1"), u8(binding), vec16(prologue)));
}

/** th1 and th2: the hash so far and the bytes as they were sent. */
export function transcriptNext(th: Uint8Array, bytes: Uint8Array): Uint8Array {
  return hash(concat(th, bytes));
}

/** th3 and th4: the hash so far and an opened Identity with its padding. */
export function transcriptIdentity(th: Uint8Array, identity: Uint8Array): Uint8Array {
  return hash(concat(th, vec16(identity)));
}

/** hs of section 5.2; wipes the DH result. */
export function handshakeSecret(th2: Uint8Array, dh: Uint8Array): Uint8Array {
  const hs = Extract(th2, dh);
  wipe(dh);
  return hs;
}

/** k_reply. */
export const replyKey = (hs: Uint8Array): Uint8Array => Expand(hs, "didshake/1 reply", 32);
/** k_finish. */
export const finishKey = (hs: Uint8Array): Uint8Array => Expand(hs, "didshake/1 finish", 32);

/** ms of section 5.2. */
export function masterSecret(hs: Uint8Array, th4: Uint8Array): Uint8Array {
  const derived = Expand(hs, "didshake/1 derived", 32);
  const ms = Extract(th4, derived);
  wipe(derived);
  return ms;
}

/** What follows from ms. */
export interface Fruit {
  readonly kAccept: Uint8Array;
  readonly i2r: Uint8Array;
  readonly r2i: Uint8Array;
  readonly exporter: Uint8Array;
  readonly sessionId: Uint8Array;
}

/** k_accept, the two secrets 0, exporter and session_id; wipes ms. */
export function fruitOf(ms: Uint8Array): Fruit {
  const fruit = {
    kAccept: Expand(ms, "didshake/1 accept", 32),
    i2r: Expand(ms, "didshake/1 i2r", 32),
    r2i: Expand(ms, "didshake/1 r2i", 32),
    exporter: Expand(ms, "didshake/1 exporter", 32),
    sessionId: Expand(ms, "didshake/1 session", 16),
  };
  wipe(ms);
  return fruit;
}

/** key_n of a direction. */
export const recordKey = (secret: Uint8Array): Uint8Array => Expand(secret, "didshake/1 key", 32);
/** iv_n of a direction. */
export const recordIv = (secret: Uint8Array): Uint8Array => Expand(secret, "didshake/1 iv", 12);
/** secret_n+1 of a direction. */
export const nextSecret = (secret: Uint8Array): Uint8Array => Expand(secret, "didshake/1 update", 32);

/** Section 5.4: keys for the application, known to both sides and to nobody else. */
export class Exporter {
  #secret: Uint8Array | undefined;

  /** @internal */
  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  /**
   * `export(label, context, length)`.
   * @param label 1 to 255 bytes (a text: its UTF-8); should begin with the name of the application protocol
   * @param context at most 65,535 bytes
   * @param length bytes wanted, 1 to 8,160
   * @throws DidshakeError `caller` if an argument is out of range (R-EXP-2); `state_used` after {@link wipe}
   */
  export(label: string | Uint8Array, context: Uint8Array, length: number): Uint8Array {
    const name = typeof label === "string" ? utf8(label) : label;
    if (name.length < 1 || name.length > 255) callerFault("a label is 1 to 255 bytes");
    if (context.length > 0xffff) callerFault("a context is at most 65,535 bytes");
    if (!Number.isInteger(length) || length < 1 || length > 8160) callerFault("an export is 1 to 8,160 bytes");
    if (this.#secret === undefined) throw new DidshakeError("state_used", { detail: "the exporter is wiped" });
    return Expand(this.#secret, concat(utf8("didshake/1 export"), u16(length), vec8(name), vec16(context)), length);
  }

  /** Overwrites the secret; there are no exports afterwards. */
  wipe(): void {
    wipe(this.#secret);
    this.#secret = undefined;
  }
}
