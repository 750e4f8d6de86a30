import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { describe, expect, it } from "vitest";
import { concat, fromHex, toHex, utf8 } from "../src/bytes.js";
import { checkKey, ED25519, ES256, p256Compress, verify, type PublicKey } from "../src/signatures.js";
import { SoftwareSigner } from "../src/signer.js";
import { codeOf } from "./support/loopback.js";

const Point = ed25519.Point;
const L = Point.Fn.ORDER;
const MESSAGE = utf8("message");
// a generator of the eight points of small order, and the encodings of all eight, canonical and not
const T8 = Point.fromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a");
const SMALL = Array.from({ length: 8 }, (_, i) => (i === 0 ? Point.ZERO : T8.multiplyUnsafe(BigInt(i))));
const NON_CANONICAL = [
  "0100000000000000000000000000000000000000000000000000000000000080", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

const ed = (bytes: Uint8Array): PublicKey => ({ algorithm: ED25519, bytes });
const little = (value: bigint): Uint8Array => fromHex(value.toString(16).padStart(64, "0")).reverse();
const challenge = (r: Uint8Array, a: Uint8Array): bigint => {
  let value = 0n;
  for (const byte of sha512(concat(r, a, MESSAGE)).reverse()) value = value * 256n + BigInt(byte);
  return value % L;
};
/** A signature by secret scalar a over MESSAGE, with this A and R as points and these bytes. */
const forge = (a: bigint, aBytes: Uint8Array, r: bigint, rBytes: Uint8Array): Uint8Array =>
  concat(rBytes, little((r + challenge(rBytes, aBytes) * a) % L));

describe("Ed25519 as section 6.2", () => {
  it("refuses keys of small order and encodings that are not canonical", async () => {
    for (const point of SMALL) expect(await codeOf(() => checkKey(ed(point.toBytes())))).toBe("key_invalid");
    for (const hex of NON_CANONICAL) expect(await codeOf(() => checkKey(ed(fromHex(hex))))).toBe("key_invalid");
    // y = 2 has no x
    expect(await codeOf(() => checkKey(ed(little(2n))))).toBe("key_invalid");
    expect(await codeOf(() => checkKey(ed(new Uint8Array(31))))).toBe("key_invalid");
    // the same y, 2^255 - 19 higher
    for (let y = 2n; y < 19n; y++) expect(await codeOf(() => checkKey(ed(little(y + 2n ** 255n - 19n))))).toBe("key_invalid");
  });

  it("takes a key of mixed order, and the equation without the cofactor decides", async () => {
    const outcomes = new Set<string>();
    for (let i = 0; i < 40; i++) {
      const a = 1000n + BigInt(i);
      const key = Point.BASE.multiply(a).add(T8);
      checkKey(ed(key.toBytes()));
      const r = 5000n + BigInt(i);
      const rBytes = Point.BASE.multiply(r).toBytes();
      const signature = forge(a, key.toBytes(), r, rBytes);
      const k = challenge(rBytes, key.toBytes());
      const outcome = await codeOf(() => verify(ed(key.toBytes()), MESSAGE, signature));
      // [S]B − [k]A = R − [k]T8: right only if 8 divides k, though [8] times both sides are always equal
      expect(outcome).toBe(k % 8n === 0n ? "accepted" : "signature_invalid");
      outcomes.add(outcome);
    }
    expect(outcomes.size).toBe(2);
  });

  it("refuses R of small order and of mixed order", async () => {
    const a = 77n;
    const key = Point.BASE.multiply(a).toBytes();
    for (const point of SMALL) {
      const rBytes = point.toBytes();
      expect(await codeOf(() => verify(ed(key), MESSAGE, forge(a, key, 0n, rBytes)))).toBe("signature_invalid");
    }
    for (const hex of NON_CANONICAL) {
      expect(await codeOf(() => verify(ed(key), MESSAGE, forge(a, key, 0n, fromHex(hex))))).toBe("signature_invalid");
    }
    const mixed = Point.BASE.multiply(9n).add(T8).toBytes();
    expect(await codeOf(() => verify(ed(key), MESSAGE, forge(a, key, 9n, mixed)))).toBe("signature_invalid");
    expect(await codeOf(() => verify(ed(key), MESSAGE, forge(a, key, 9n, Point.BASE.multiply(9n).toBytes())))).toBe("accepted");
  });

  it("refuses S from L on, and a signature of another length", async () => {
    const signer = SoftwareSigner.fromSecret(ED25519, new Uint8Array(32).fill(3));
    const signature = await signer.sign(MESSAGE);
    verify(signer.publicKey, MESSAGE, signature);
    const s = BigInt(`0x${toHex(signature.slice(32).reverse())}`);
    const over = concat(signature.slice(0, 32), little(s + L));
    expect(await codeOf(() => verify(signer.publicKey, MESSAGE, over))).toBe("signature_invalid");
    for (const length of [0, 32, 63, 65]) {
      expect(await codeOf(() => verify(signer.publicKey, MESSAGE, new Uint8Array(length)))).toBe("signature_invalid");
    }
  });

  it("has the results of RFC 8032", async () => {
    const signer = SoftwareSigner.fromSecret(ED25519, fromHex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
    expect(toHex(signer.publicKey.bytes)).toBe("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    const signature = await signer.sign(fromHex("72"));
    expect(toHex(signature).slice(0, 16)).toBe("92a009a9f0d4cab8");
    verify(signer.publicKey, fromHex("72"), signature);
  });
});

describe("ES256 as section 6.3", () => {
  const signer = SoftwareSigner.fromSecret(ES256, new Uint8Array(32).fill(5));
  const N = p256.Point.Fn.ORDER;
  const big = (value: bigint): Uint8Array => fromHex(value.toString(16).padStart(64, "0"));

  it("takes a high and a low s alike, and no other range", async () => {
    const signature = await signer.sign(MESSAGE);
    const s = BigInt(`0x${toHex(signature.slice(32))}`);
    const r = signature.slice(0, 32);
    for (const good of [s, N - s]) verify(signer.publicKey, MESSAGE, concat(r, big(good)));
    for (const bad of [0n, N, 1n, 2n ** 256n - 1n]) {
      expect(await codeOf(() => verify(signer.publicKey, MESSAGE, concat(r, big(bad))))).toBe("signature_invalid");
      expect(await codeOf(() => verify(signer.publicKey, MESSAGE, concat(big(bad), big(s))))).toBe("signature_invalid");
    }
    expect(await codeOf(() => verify(signer.publicKey, utf8("other"), signature))).toBe("signature_invalid");
  });

  it("refuses keys that are no points", async () => {
    const good = signer.publicKey.bytes;
    for (const first of [0, 1, 4, 5, 6, 7]) {
      expect(await codeOf(() => checkKey({ algorithm: ES256, bytes: Uint8Array.from([first, ...good.slice(1)]) }))).toBe("key_invalid");
    }
    const ones = new Uint8Array(33).fill(0xff);
    ones[0] = 2;
    for (const bytes of [ones, new Uint8Array(0), new Uint8Array(33), p256.Point.BASE.toBytes(false)]) {
      expect(await codeOf(() => checkKey({ algorithm: ES256, bytes }))).toBe("key_invalid");
    }
    const { x, y } = p256.Point.BASE.toAffine();
    expect(p256Compress(big(x), big(y))).toEqual(p256.Point.BASE.toBytes(true));
    for (const [a, b] of [[x, y + 1n], [0n, 0n], [2n ** 256n - 1n, y]] as const) {
      expect(await codeOf(() => p256Compress(big(a), big(b)))).toBe("key_invalid");
    }
  });

  it("signs as RFC 6979 does, without making s low", async () => {
    const key = SoftwareSigner.fromSecret(ES256, fromHex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"));
    expect(toHex(await key.sign(utf8("sample")))).toBe(
      "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
    );
  });
});
