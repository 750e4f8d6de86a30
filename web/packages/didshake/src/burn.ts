import { toHex } from "./bytes.js";
import { WAITING } from "./waiting.js";

/**
 * Where th3 is burned: one atomic insertion into a store that all instances of a responder share (R-STATE-5), apart from
 * sessions, and kept until the expiry of the waiting state and the clock skew allowed (R-STATE-7).
 */
export interface BurnStore {
  /**
   * @param th3 32 bytes
   * @param until Unix seconds until which it has to be kept
   * @returns false if it was burned before. A store that cannot say so throws, and the handshake fails.
   */
  burn(th3: Uint8Array, until: number): boolean | Promise<boolean>;
}

/** A burn store in the memory of one instance. When it is full it refuses, and forgets none. */
export class MemoryBurnStore implements BurnStore {
  readonly #burned = new Map<string, number>();
  readonly #clock: () => number;
  readonly #limit: number;
  /** Seconds that entries are kept longer than asked for. */
  static readonly SKEW = 10;

  /** @param limit entries at most */
  constructor(clock: () => number, limit = 100_000) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /** As {@link BurnStore.burn}; throws if it is full of what has to be kept. */
  burn(th3: Uint8Array, until: number): boolean {
    const now = this.#clock();
    if (this.#burned.size >= this.#limit) this.#forget(now);
    if (this.#burned.size >= this.#limit) throw new Error("the burn store is full");
    const name = toHex(th3);
    if (this.#burned.has(name)) return false;
    this.#burned.set(name, Math.max(until, now + WAITING) + MemoryBurnStore.SKEW);
    return true;
  }

  #forget(now: number): void {
    for (const [name, until] of this.#burned) if (until <= now) this.#burned.delete(name);
  }
}
