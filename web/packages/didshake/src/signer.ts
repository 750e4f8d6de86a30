import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import { wipe } from "./bytes.js";
import { callerFault, DidshakeError } from "./errors.js";
import { ED25519, ES256, type Algorithm, type PublicKey } from "./signatures.js";

/** What signs for an identity. The key may be anywhere: in memory, in the browser's key store, on a server of the holder. */
export interface Signer {
  /** The public key: 32 bytes for Ed25519, 33 bytes (compressed) for P-256. */
  readonly publicKey: PublicKey;
  /** 64 bytes over the message as it is: Ed25519, or r ‖ s of ECDSA with SHA-256 (a high s is allowed). */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** A key in memory. Prefer `WebCryptoSigner` in browsers: there, script cannot read the key. */
export class SoftwareSigner implements Signer {
  readonly publicKey: PublicKey;
  #secret: Uint8Array | undefined;

  private constructor(algorithm: Algorithm, secret: Uint8Array) {
    this.#secret = Uint8Array.from(secret);
    const bytes = algorithm === ED25519 ? ed25519.getPublicKey(secret) : p256.getPublicKey(secret, true);
    this.publicKey = { algorithm, bytes };
  }

  /**
   * @param algorithm 1 Ed25519, 2 ES256
   * @param secret 32 bytes: the seed of Ed25519, or the scalar of P-256 (big-endian). It is copied.
   * @throws DidshakeError `caller` if it is no secret key
   */
  static fromSecret(algorithm: Algorithm, secret: Uint8Array): SoftwareSigner {
    if (algorithm !== ED25519 && algorithm !== ES256) callerFault("an unknown algorithm");
    if (!(secret instanceof Uint8Array) || secret.length !== 32) callerFault("a secret key is 32 bytes");
    if (algorithm === ES256 && !p256.utils.isValidSecretKey(secret)) callerFault("not a scalar of P-256");
    return new SoftwareSigner(algorithm, secret);
  }

  /** Ed25519 of RFC 8032; ES256 with the nonce of RFC 6979 (R-SEC-2). */
  async sign(message: Uint8Array): Promise<Uint8Array> {
    const secret = this.#secret;
    if (secret === undefined) throw new DidshakeError("state_used", { detail: "the signer is wiped" });
    if (this.publicKey.algorithm === ED25519) return ed25519.sign(message, secret);
    return p256.sign(message, secret, { lowS: false, prehash: true, format: "compact" });
  }

  /** Overwrites the secret key; it signs nothing afterwards. */
  wipe(): void {
    wipe(this.#secret);
    this.#secret = undefined;
  }
}
