import { wipe } from "./bytes.js";
import { DidshakeError } from "./errors.js";
import { nextSecret, recordIv, recordKey } from "./schedule.js";
import { open, seal, type Suite } from "./suites.js";

/** Records under one secret; the last one is a key_update (R-CHAN-10). */
export const RECORDS_PER_SECRET = 2 ** 20;
const ASSOCIATED = Uint8Array.of(0x10);
const WORD = 2 ** 32;

/** One direction of a channel: secret, key, iv, generation, sequence number (12.2). */
export class Direction {
  readonly #suite: Suite;
  #secret: Uint8Array;
  #key: Uint8Array;
  #iv: Uint8Array;
  #generation = 0;
  #underSecret = 0;
  // the sequence number as two words: a number of JavaScript is exact up to 2^53 only
  #high: number;
  #low: number;
  #exhausted = false;
  /** Nothing comes any more: a close has been sent or received here. */
  closed = false;

  /** Takes secret_0 over and wipes it later. `first` is the first sequence number, other than 0 in tests only. */
  constructor(suite: Suite, secret: Uint8Array, first: { high: number; low: number } = { high: 0, low: 0 }) {
    this.#suite = suite;
    this.#secret = secret;
    this.#key = recordKey(secret);
    this.#iv = recordIv(secret);
    this.#high = first.high;
    this.#low = first.low;
  }

  /** n of the secret in use. */
  get generation(): number {
    return this.#generation;
  }

  /** True if the next record is the 2^20th under its secret. */
  get due(): boolean {
    return this.#underSecret === RECORDS_PER_SECRET - 1;
  }

  /** Seals the next record. Errors: `caller` beyond sequence number 2^64 − 1 (R-CHAN-3). */
  seal(inner: Uint8Array): Uint8Array {
    if (this.#exhausted) throw new DidshakeError("caller", { detail: "all records of this direction are used" });
    const sealed = seal(this.#suite, this.#key, this.#nonce(), ASSOCIATED, inner);
    this.#count();
    return sealed;
  }

  /** Opens the next record; counts it only if it opens. */
  open(sealed: Uint8Array): Uint8Array | undefined {
    if (this.#exhausted) return undefined;
    const inner = open(this.#suite, this.#key, this.#nonce(), ASSOCIATED, sealed);
    if (inner !== undefined) this.#count();
    return inner;
  }

  /** Goes on to secret_n+1; the sequence number goes on too (R-CHAN-9). */
  update(): void {
    const next = nextSecret(this.#secret);
    this.wipe();
    this.#secret = next;
    this.#key = recordKey(next);
    this.#iv = recordIv(next);
    this.#generation += 1;
    this.#underSecret = 0;
  }

  /** Counts records that a test does not seal; none may be the last under its secret. */
  skip(records: number): void {
    for (let i = 0; i < records; i++) this.#count();
  }

  wipe(): void {
    wipe(this.#secret, this.#key, this.#iv);
  }

  #nonce(): Uint8Array {
    const nonce = Uint8Array.from(this.#iv);
    for (let i = 0; i < 4; i++) {
      (nonce[4 + i] as number) ^= (this.#high >>> (24 - 8 * i)) & 0xff;
      (nonce[8 + i] as number) ^= (this.#low >>> (24 - 8 * i)) & 0xff;
    }
    return nonce;
  }

  #count(): void {
    this.#underSecret += 1;
    this.#low += 1;
    if (this.#low < WORD) return;
    this.#low = 0;
    this.#high += 1;
    this.#exhausted = this.#high === WORD;
  }
}
