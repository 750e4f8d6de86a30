import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concat, equal } from "./bytes.js";
import { refuse } from "./errors.js";
import { hash } from "./encoding.js";

/** Signature algorithm 1: Ed25519 as section 6.2. */
export const ED25519 = 1;
/** Signature algorithm 2: ES256 as section 6.3. */
export const ES256 = 2;
/** A signature algorithm of section 14.4. */
export type Algorithm = typeof ED25519 | typeof ES256;

/** A public key: 32 bytes for Ed25519, 33 bytes (compressed) for P-256. */
export interface PublicKey {
  readonly algorithm: Algorithm;
  readonly bytes: Uint8Array;
}

const EdPoint = ed25519.Point;
const L = EdPoint.Fn.ORDER;
const P256Point = p256.Point;
const N = P256Point.Fn.ORDER;
const P = P256Point.Fp.ORDER;

function littleEndian(bytes: Uint8Array): bigint {
  return bigEndian(Uint8Array.from(bytes).reverse());
}

function bigEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

/** The point that these bytes encode, canonically or not. */
function edDecode(bytes: Uint8Array): InstanceType<typeof EdPoint> | undefined {
  try {
    return EdPoint.fromBytes(Uint8Array.from(bytes), true);
  } catch {
    return undefined;
  }
}

/** Step 1 of 6.2. Errors: `key_invalid`. */
function edKey(key: Uint8Array): InstanceType<typeof EdPoint> {
  const point = key.length === 32 ? edDecode(key) : undefined;
  if (point === undefined || !equal(point.toBytes(), key) || point.isSmallOrder()) refuse("key_invalid");
  return point;
}

/** Section 6.2, step by step: the equation without the cofactor. */
function edVerify(key: Uint8Array, message: Uint8Array, signature: Uint8Array): void {
  const a = edKey(key);
  if (signature.length !== 64) refuse("signature_invalid");
  const r = signature.subarray(0, 32);
  const s = littleEndian(signature.subarray(32));
  if (s >= L) refuse("signature_invalid");
  if (edDecode(r)?.isSmallOrder() === true) refuse("signature_invalid");
  const k = littleEndian(sha512(concat(r, key, message))) % L;
  const expected = EdPoint.BASE.multiplyUnsafe(s).subtract(a.multiplyUnsafe(k));
  if (!equal(expected.toBytes(), r)) refuse("signature_invalid");
}

/** The affine point of a compressed key. Errors: `key_invalid`. */
function p256Key(key: Uint8Array): InstanceType<typeof P256Point> {
  if (key.length !== 33 || (key[0] !== 2 && key[0] !== 3) || bigEndian(key.subarray(1)) >= P) refuse("key_invalid");
  try {
    return P256Point.fromBytes(key);
  } catch {
    return refuse("key_invalid");
  }
}

/** Section 6.3, step by step; a high s is as good as a low one. */
function p256Verify(key: Uint8Array, message: Uint8Array, signature: Uint8Array): void {
  const q = p256Key(key);
  if (signature.length !== 64) refuse("signature_invalid");
  const r = bigEndian(signature.subarray(0, 32));
  const s = bigEndian(signature.subarray(32));
  if (r < 1n || r >= N || s < 1n || s >= N) refuse("signature_invalid");
  const field = P256Point.Fn;
  const w = field.inv(s);
  const u1 = field.mul(field.create(bigEndian(hash(message))), w);
  const u2 = field.mul(r, w);
  const point = P256Point.BASE.multiplyUnsafe(u1).add(q.multiplyUnsafe(u2));
  if (point.is0() || point.toAffine().x % N !== r) refuse("signature_invalid");
}

/** Refuses a key that is none with `key_invalid` (R-SIG-4, R-SIG-8). */
export function checkKey(key: PublicKey): void {
  if (key.algorithm === ED25519) edKey(key.bytes);
  else p256Key(key.bytes);
}

/** Verifies as section 6 says. Errors: `key_invalid`, `signature_invalid`. */
export function verify(key: PublicKey, message: Uint8Array, signature: Uint8Array): void {
  if (key.algorithm === ED25519) edVerify(key.bytes, message, signature);
  else p256Verify(key.bytes, message, signature);
}

/** The compressed key of affine coordinates of 32 bytes each. Errors: `key_invalid`. */
export function p256Compress(x: Uint8Array, y: Uint8Array): Uint8Array {
  if (bigEndian(x) >= P || bigEndian(y) >= P) refuse("key_invalid");
  try {
    const point = P256Point.fromAffine({ x: bigEndian(x), y: bigEndian(y) });
    point.assertValidity();
    return point.toBytes(true);
  } catch {
    return refuse("key_invalid");
  }
}

/** The affine coordinates of a valid compressed key, 32 bytes each. Errors: `key_invalid`. */
export function p256Coordinates(key: Uint8Array): { x: Uint8Array; y: Uint8Array } {
  const bytes = p256Key(key).toBytes(false);
  return { x: bytes.slice(1, 33), y: bytes.slice(33) };
}
