import { sha256 } from "@noble/hashes/sha2.js";

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** H of section 2: SHA-256. */
export function hash(bytes: Uint8Array): Uint8Array {
  return sha256(bytes);
}

function encode64(bytes: Uint8Array, alphabet: string): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const group = ((bytes[i] as number) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (let j = 0; j < (left > 2 ? 4 : left + 1); j++) text += alphabet[(group >>> (18 - 6 * j)) & 63];
  }
  return text;
}

/** Canonical only: every character of the alphabet, no length of 1 modulo 4, no spare bits. */
function decode64(text: string, alphabet: string): Uint8Array | undefined {
  if (text.length % 4 === 1) return undefined;
  const out = new Uint8Array(Math.floor((text.length * 3) / 4));
  let bits = 0;
  let value = 0;
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = alphabet.indexOf(text.charAt(i));
    if (digit < 0) return undefined;
    value = ((value << 6) | digit) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[at++] = (value >>> bits) & 0xff;
    }
  }
  return (value & ((1 << bits) - 1)) === 0 ? out : undefined;
}

/** Unpadded base64url (RFC 4648, section 5). */
export function toBase64url(bytes: Uint8Array): string {
  return encode64(bytes, URL_SAFE);
}

/** Bytes of canonical unpadded base64url (8.2), or undefined. */
export function fromBase64url(text: string): Uint8Array | undefined {
  return decode64(text, URL_SAFE);
}

/** Standard base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  const text = encode64(bytes, STANDARD);
  return text + "=".repeat((4 - (text.length % 4)) % 4);
}

/** The 32 bytes of 44 characters of canonical standard base64 with padding, or undefined. */
export function fromBase64of32(text: string): Uint8Array | undefined {
  return text.length === 44 && text.endsWith("=") ? decode64(text.slice(0, 43), STANDARD) : undefined;
}

/** base58btc. */
export function toBase58(bytes: Uint8Array): string {
  let value = 0n;
  for (const byte of bytes) value = value * 256n + BigInt(byte);
  let text = "";
  for (; value > 0n; value /= 58n) text = (BASE58[Number(value % 58n)] as string) + text;
  let zeros = 0;
  while (zeros < bytes.length && bytes[zeros] === 0) zeros++;
  return "1".repeat(zeros) + text;
}

/** Bytes of base58btc, or undefined. No key is longer than 35 bytes, so unless said more than 60 characters are not looked at. */
export function fromBase58(text: string, longest = 60): Uint8Array | undefined {
  if (text.length > longest) return undefined;
  let value = 0n;
  for (let i = 0; i < text.length; i++) {
    const digit = BASE58.indexOf(text.charAt(i));
    if (digit < 0) return undefined;
    value = value * 58n + BigInt(digit);
  }
  let zeros = 0;
  while (zeros < text.length && text[zeros] === "1") zeros++;
  const digits = value === 0n ? "" : value.toString(16);
  const bytes = new Uint8Array(zeros + Math.ceil(digits.length / 2));
  for (let end = digits.length, at = bytes.length - 1; end > 0; end -= 2, at--) {
    bytes[at] = Number.parseInt(digits.slice(Math.max(0, end - 2), end), 16);
  }
  return bytes;
}
