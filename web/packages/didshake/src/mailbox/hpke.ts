import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { x25519 } from "@noble/curves/ed25519.js";
import { concat, u16, u8, utf8, wipe } from "../bytes.js";
import { Expand, Extract } from "../schedule.js";

/** Length of an X25519 key, public or secret, in bytes. */
export const KEY = 32;

const EMPTY = new Uint8Array();
const VERSION = utf8("HPKE-v1");
// DHKEM(X25519, HKDF-SHA256) 0x0020, HKDF-SHA256 0x0001, ChaCha20Poly1305 0x0003
const KEM = concat(utf8("KEM"), u16(0x0020));
const SUITE = concat(utf8("HPKE"), u16(0x0020), u16(0x0001), u16(0x0003));
const BASE_MODE = u8(0);

/** An X25519 key pair. */
export interface KeyPair {
  readonly secret: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** The key and the nonce of the one message that a context is for. */
export interface Context {
  readonly key: Uint8Array;
  readonly baseNonce: Uint8Array;
}

/** LabeledExtract of RFC 9180, section 4. */
function labeledExtract(suite: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array): Uint8Array {
  const labeled = concat(VERSION, suite, utf8(label), ikm);
  const out = Extract(salt, labeled);
  wipe(labeled);
  return out;
}

/** LabeledExpand of RFC 9180, section 4. */
function labeledExpand(suite: Uint8Array, prk: Uint8Array, label: string, info: Uint8Array, length: number): Uint8Array {
  return Expand(prk, concat(u16(length), VERSION, suite, utf8(label), info), length);
}

/** DeriveKeyPair of RFC 9180, section 7.1.3. From 32 random bytes it is GenerateKeyPair. */
export function deriveKeyPair(ikm: Uint8Array): KeyPair {
  const prk = labeledExtract(KEM, EMPTY, "dkp_prk", ikm);
  const secret = labeledExpand(KEM, prk, "sk", EMPTY, KEY);
  wipe(prk);
  return { secret, publicKey: x25519.getPublicKey(secret) };
}

/** The Diffie-Hellman result, or undefined if it is all zero. */
function agree(secret: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined {
  try {
    // throws if the result is all zero, and for nothing else with 32 bytes
    return x25519.scalarMult(secret, publicKey);
  } catch {
    return undefined;
  }
}

/** ExtractAndExpand of RFC 9180, section 4.1, over the Diffie-Hellman result; undefined if that is all zero. */
function sharedSecret(secret: Uint8Array, other: Uint8Array, enc: Uint8Array, recipient: Uint8Array): Uint8Array | undefined {
  const dh = agree(secret, other);
  if (dh === undefined) return undefined;
  const prk = labeledExtract(KEM, EMPTY, "eae_prk", dh);
  const shared = labeledExpand(KEM, prk, "shared_secret", concat(enc, recipient), KEY);
  wipe(dh, prk);
  return shared;
}

/** The shared secret of Encap with this ephemeral pair, whose public half is `enc`; undefined if Diffie-Hellman gives zeros. */
export function encap(ephemeral: KeyPair, recipient: Uint8Array): Uint8Array | undefined {
  return sharedSecret(ephemeral.secret, recipient, ephemeral.publicKey, recipient);
}

/** The shared secret of Decap; undefined if Diffie-Hellman gives zeros. */
export function decap(recipient: KeyPair, enc: Uint8Array): Uint8Array | undefined {
  return sharedSecret(recipient.secret, enc, enc, recipient.publicKey);
}

/** KeySchedule of RFC 9180, section 5.1, in base mode; wipes the shared secret. */
export function keySchedule(shared: Uint8Array, info: Uint8Array): Context {
  const pskIdHash = labeledExtract(SUITE, EMPTY, "psk_id_hash", EMPTY);
  const infoHash = labeledExtract(SUITE, EMPTY, "info_hash", info);
  const context = concat(BASE_MODE, pskIdHash, infoHash);
  const secret = labeledExtract(SUITE, shared, "secret", EMPTY);
  const key = labeledExpand(SUITE, secret, "key", context, 32);
  const baseNonce = labeledExpand(SUITE, secret, "base_nonce", context, 12);
  wipe(shared, secret);
  return { key, baseNonce };
}

/** Seals the one message of a context, sequence number 0, whose nonce is the base nonce; wipes the key. */
export function sealOnce({ key, baseNonce }: Context, associated: Uint8Array, plain: Uint8Array): Uint8Array {
  const sealed = chacha20poly1305(key, baseNonce, associated).encrypt(plain);
  wipe(key, baseNonce);
  return sealed;
}

/** Opens the one message of a context; undefined if it does not open. Wipes the key. */
export function openOnce({ key, baseNonce }: Context, associated: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  try {
    return chacha20poly1305(key, baseNonce, associated).decrypt(sealed);
  } catch {
    return undefined;
  } finally {
    wipe(key, baseNonce);
  }
}
