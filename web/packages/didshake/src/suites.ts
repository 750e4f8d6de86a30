import { gcm } from "@noble/ciphers/aes.js";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { x25519 } from "@noble/curves/ed25519.js";
import { refuse } from "./errors.js";

/** The group X25519 (14.3). */
export const X25519 = 0x001d;
/** Suite 1: X25519, HKDF-SHA-256, ChaCha20-Poly1305. */
export const SUITE_CHACHA = 0x0001;
/** Suite 2: X25519, HKDF-SHA-256, AES-256-GCM. */
export const SUITE_AES = 0x0002;

/** Length of an AEAD tag in bytes. */
export const TAG = 16;

type Cipher = (key: Uint8Array, nonce: Uint8Array, associatedData: Uint8Array) => {
  encrypt(plain: Uint8Array): Uint8Array;
  decrypt(sealed: Uint8Array): Uint8Array;
};

/** A suite of section 4.1. */
export interface Suite {
  readonly number: number;
  readonly group: number;
  readonly cipher: Cipher;
}

/** A group: a share of its length, and the Diffie-Hellman function. */
export interface Group {
  readonly number: number;
  readonly shareLength: number;
  share(secret: Uint8Array): Uint8Array;
  agree(secret: Uint8Array, share: Uint8Array): Uint8Array;
}

/** X25519 as RFC 7748; the secret is clamped and the top bit of the share masked by the function itself. */
export const x25519Group = (number: number): Group => ({
  number,
  shareLength: 32,
  share: (secret) => x25519.getPublicKey(secret),
  agree(secret, share) {
    if (share.length !== 32) refuse("share_invalid");
    try {
      // throws if the result is all zero, and for nothing else with 32 bytes
      return x25519.scalarMult(secret, share);
    } catch {
      return refuse("share_invalid");
    }
  },
});

/** What a peer knows: a program knows {@link PROGRAM}, test peers know more (4.3, R-SUITE-12). */
export class Registry {
  readonly #suites = new Map<number, Suite>();
  readonly #groups = new Map<number, Group>();

  constructor(suites: readonly Suite[], groups: readonly Group[]) {
    for (const suite of suites) this.#suites.set(suite.number, suite);
    for (const group of groups) this.#groups.set(group.number, group);
  }

  suite(number: number): Suite | undefined {
    return this.#suites.get(number);
  }

  group(number: number): Group | undefined {
    return this.#groups.get(number);
  }
}

/** Suite 1. */
export const chachaSuite: Suite = { number: SUITE_CHACHA, group: X25519, cipher: chacha20poly1305 };
/** Suite 2. */
export const aesSuite: Suite = { number: SUITE_AES, group: X25519, cipher: gcm };
/** What a program knows. */
export const PROGRAM = new Registry([chachaSuite, aesSuite], [x25519Group(X25519)]);

/** Ciphertext and tag. */
export function seal(suite: Suite, key: Uint8Array, nonce: Uint8Array, associated: Uint8Array, plain: Uint8Array): Uint8Array {
  return suite.cipher(key, nonce, associated).encrypt(plain);
}

/** The plain text, or undefined if the sealed part does not open (one shorter than a tag does not either). */
export function open(
  suite: Suite, key: Uint8Array, nonce: Uint8Array, associated: Uint8Array, sealed: Uint8Array,
): Uint8Array | undefined {
  if (sealed.length < TAG) return undefined;
  try {
    return suite.cipher(key, nonce, associated).decrypt(sealed);
  } catch {
    return undefined;
  }
}
