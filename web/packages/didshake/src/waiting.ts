import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { concat, latin1, Reader, u16, u32, u8, utf8, vec16, vec8, wipe } from "./bytes.js";
import { callerFault, refuse } from "./errors.js";
import { hash } from "./encoding.js";
import type { Binding, Random } from "./config.js";

/** Seconds from Reply to the expiry of a waiting state, and for which a sealing key is in use. */
export const WAITING = 60;

/** What the responder has to know between Reply and Finish (10.6). */
export interface Waiting {
  readonly hs: Uint8Array;
  readonly th2: Uint8Array;
  readonly th3: Uint8Array;
  readonly did: string;
  readonly fragment: string;
  readonly suite: number;
  readonly applicationProtocol: Uint8Array;
  /** Unix seconds. */
  readonly expiry: number;
}

/** What a waiting state counts for; it is bound as associated data and not stored. */
export interface WaitingPlace {
  readonly binding: Binding;
  readonly prologue: Uint8Array;
  /** The endpoint in the responder's configuration, such as the path of its URL. */
  readonly endpoint: string;
}

interface SealingKey {
  readonly key: Uint8Array;
  /** Unix seconds. */
  readonly made: number;
}

/** The form is this implementation's own business: nobody else reads it. */
function encode(state: Waiting): Uint8Array {
  return concat(
    u32(Math.floor(state.expiry / 2 ** 32)), u32(state.expiry % 2 ** 32), u16(state.suite), state.hs, state.th2, state.th3,
    vec16(utf8(state.did)), vec8(utf8(state.fragment)), vec8(state.applicationProtocol),
  );
}

function decode(plain: Uint8Array): Waiting {
  const reader = new Reader(plain, "waiting_state_invalid");
  const expiry = reader.u32() * 2 ** 32 + reader.u32();
  const suite = reader.u16();
  const [hs, th2, th3] = [reader.take(32), reader.take(32), reader.take(32)].map((part) => part.slice());
  const [did, fragment] = [latin1(reader.vec16()), latin1(reader.vec8())];
  const applicationProtocol = reader.vec8().slice();
  if (hs === undefined || th2 === undefined || th3 === undefined || reader.remaining > 0) refuse("waiting_state_invalid");
  return { expiry, suite, hs, th2, th3, did, fragment, applicationProtocol };
}

function placeBytes({ binding, prologue, endpoint }: WaitingPlace): Uint8Array {
  return hash(concat(utf8("didshake-js waiting state"), u8(binding), vec16(prologue), vec16(utf8(endpoint))));
}

/**
 * Seals waiting states, so that an HTTP responder keeps nothing (10.6). Its keys live in memory only; one is in use for 60 s
 * and is wiped 60 s later (R-STATE-3): call {@link sweep} from a timer, since keys are otherwise wiped at the next use only.
 */
export class StateSealer {
  readonly #random: Random;
  #keys: SealingKey[] = [];

  /** @param random the source of its keys and nonces */
  constructor(random: Random) {
    this.#random = random;
  }

  /** Replaces a key after 60 s and wipes it 120 s after it was made. `now`: Unix seconds. */
  sweep(now: number): void {
    // a clock that is set back a little costs no attempt
    const kept = this.#keys.filter(({ made }) => now - made < 2 * WAITING && made - now < WAITING);
    for (const { key } of this.#keys.filter((one) => !kept.some((other) => other === one))) wipe(key);
    this.#keys = kept;
  }

  /** @internal The token of a waiting state, as bytes. */
  seal(state: Waiting, place: WaitingPlace, now: number): Uint8Array {
    this.sweep(now);
    let current = this.#keys.find(({ made }) => now - made < WAITING);
    if (current === undefined) {
      current = { key: this.#draw(32), made: now };
      this.#keys.push(current);
    }
    const nonce = this.#draw(24);
    const plain = encode(state);
    const sealed = xchacha20poly1305(current.key, nonce, placeBytes(place)).encrypt(plain);
    wipe(plain);
    return concat(nonce, sealed);
  }

  #draw(length: number): Uint8Array {
    const drawn = Uint8Array.from(this.#random(length));
    if (drawn.length !== length) callerFault("a source of randomness gives what it is asked for");
    return drawn;
  }

  /** @internal Opens a token. Errors: `waiting_state_invalid`. */
  open(token: Uint8Array, place: WaitingPlace, now: number): Waiting {
    this.sweep(now);
    if (token.length < 40) refuse("waiting_state_invalid");
    for (const { key } of this.#keys) {
      let plain: Uint8Array;
      try {
        plain = xchacha20poly1305(key, token.subarray(0, 24), placeBytes(place)).decrypt(token.subarray(24));
      } catch {
        continue;
      }
      const state = decode(plain);
      wipe(plain);
      return state;
    }
    return refuse("waiting_state_invalid");
  }
}
