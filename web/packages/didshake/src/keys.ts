import { concat, utf8 } from "./bytes.js";
import { callerFault, refuse } from "./errors.js";
import { fromBase58, fromBase64url, toBase58, toBase64url } from "./encoding.js";
import { parseJsonObject, type JsonObject } from "./json.js";
import { ED25519, ES256, p256Compress, p256Coordinates, type PublicKey } from "./signatures.js";

/** The key of `z` and base58btc of a multicodec key (8.1), or undefined. Whether it is a point is not looked at. */
export function multibaseKey(text: string): PublicKey | undefined {
  const bytes = text.startsWith("z") ? fromBase58(text.slice(1)) : undefined;
  if (bytes?.length === 34 && bytes[0] === 0xed && bytes[1] === 0x01) {
    return { algorithm: ED25519, bytes: bytes.slice(2) };
  }
  if (bytes?.length === 35 && bytes[0] === 0x80 && bytes[1] === 0x24) {
    return { algorithm: ES256, bytes: bytes.slice(2) };
  }
  return undefined;
}

/** `z` and base58btc of a key with its multicodec. */
export function toMultibase(key: PublicKey): string {
  const codec = key.algorithm === ED25519 ? [0xed, 0x01] : [0x80, 0x24];
  return `z${toBase58(concat(Uint8Array.from(codec), key.bytes))}`;
}

function coordinate(jwk: JsonObject, name: string): Uint8Array | undefined {
  const text = jwk.get(name);
  const bytes = typeof text === "string" && text.length === 43 ? fromBase64url(text) : undefined;
  return bytes?.length === 32 ? bytes : undefined;
}

/** The key of a JWK of section 8.3, or undefined. Errors: `key_invalid` for coordinates that are no point of P-256. */
export function jwkKey(jwk: JsonObject): PublicKey | undefined {
  const okp = jwk.get("kty") === "OKP" && jwk.get("crv") === "Ed25519";
  const ec = jwk.get("kty") === "EC" && jwk.get("crv") === "P-256";
  if ((!okp && !ec) || jwk.has("d")) return undefined;
  if (jwk.has("use") && jwk.get("use") !== "sig") return undefined;
  const algorithms: readonly unknown[] = okp ? ["EdDSA", "Ed25519"] : ["ES256"];
  if (jwk.has("alg") && !algorithms.includes(jwk.get("alg"))) return undefined;
  const x = coordinate(jwk, "x");
  if (okp) return x && { algorithm: ED25519, bytes: x };
  const y = coordinate(jwk, "y");
  return x && y && { algorithm: ES256, bytes: p256Compress(x, y) };
}

/** The key of a did:key (8.1). Errors: `did_key_malformed`. */
export function didKeyKey(did: string): PublicKey {
  return multibaseKey(did.slice("did:key:".length)) ?? refuse("did_key_malformed");
}

/** The key of a did:jwk (8.2). Errors: `did_jwk_malformed`, `key_invalid`. */
export function didJwkKey(did: string): PublicKey {
  const bytes = fromBase64url(did.slice("did:jwk:".length)) ?? refuse("did_jwk_malformed");
  let jwk: JsonObject;
  try {
    jwk = parseJsonObject(bytes);
  } catch {
    return refuse("did_jwk_malformed");
  }
  return jwkKey(jwk) ?? refuse("did_jwk_malformed");
}

/** The did:key of a public key. */
export function didKey(key: PublicKey): string {
  return `did:key:${toMultibase(key)}`;
}

/** The did:jwk of a public key, its members in alphabetical order. Errors: `caller` if it is no key. */
export function didJwk(key: PublicKey): string {
  if (key.algorithm === ED25519) {
    return jwkDid({ crv: "Ed25519", kty: "OKP", x: toBase64url(key.bytes) });
  }
  try {
    const { x, y } = p256Coordinates(key.bytes);
    return jwkDid({ crv: "P-256", kty: "EC", x: toBase64url(x), y: toBase64url(y) });
  } catch {
    return callerFault("not a key of P-256");
  }
}

function jwkDid(jwk: Record<string, string>): string {
  return `did:jwk:${toBase64url(utf8(JSON.stringify(jwk)))}`;
}

