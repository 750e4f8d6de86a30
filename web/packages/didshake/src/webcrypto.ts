import { p256 } from "@noble/curves/nist.js";
import { callerFault, DidshakeError } from "./errors.js";
import { ED25519, ES256, type Algorithm, type PublicKey } from "./signatures.js";
import type { Signer } from "./signer.js";

const PARAMETERS = {
  [ED25519]: { key: { name: "Ed25519" }, sign: { name: "Ed25519" } },
  [ES256]: { key: { name: "ECDSA", namedCurve: "P-256" }, sign: { name: "ECDSA", hash: "SHA-256" } },
} as const;

/** A key pair of the platform. The private key cannot be read by script, which does not keep script from using it. */
export class WebCryptoSigner implements Signer {
  readonly publicKey: PublicKey;
  readonly #privateKey: CryptoKey;

  private constructor(publicKey: PublicKey, privateKey: CryptoKey) {
    this.publicKey = publicKey;
    this.#privateKey = privateKey;
  }

  /** @internal The pair as IndexedDB keeps it. */
  static parts(signer: WebCryptoSigner): StoredKey {
    return { algorithm: signer.publicKey.algorithm, bytes: signer.publicKey.bytes, privateKey: signer.#privateKey };
  }

  /** @internal */
  static fromParts({ algorithm, bytes, privateKey }: StoredKey): WebCryptoSigner {
    if (privateKey.extractable) callerFault("a key that can be exported");
    return new WebCryptoSigner({ algorithm, bytes }, privateKey);
  }

  /**
   * Makes a key pair that cannot be exported.
   * @param algorithm Ed25519 where the platform has it and P-256 elsewhere, unless given
   * @throws DidshakeError `own_failure` if the platform cannot (no secure context, an unknown algorithm)
   */
  static async generate(algorithm?: Algorithm): Promise<WebCryptoSigner> {
    const wanted: readonly Algorithm[] = algorithm === undefined ? [ED25519, ES256] : [algorithm];
    for (const one of wanted) {
      try {
        return await WebCryptoSigner.#generate(one);
      } catch {
        continue;
      }
    }
    throw new DidshakeError("own_failure", { detail: "the platform makes no such key" });
  }

  static async #generate(algorithm: Algorithm): Promise<WebCryptoSigner> {
    const pair = (await crypto.subtle.generateKey(PARAMETERS[algorithm].key, false, ["sign", "verify"])) as CryptoKeyPair;
    const raw = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
    const bytes = algorithm === ED25519 ? raw : p256.Point.fromBytes(raw).toBytes(true);
    return new WebCryptoSigner({ algorithm, bytes }, pair.privateKey);
  }

  /** The platform's ES256 draws its nonce as it does, and its s may be high; both are allowed (R-SEC-2, R-SIG-11). */
  async sign(message: Uint8Array): Promise<Uint8Array> {
    const { sign } = PARAMETERS[this.publicKey.algorithm];
    return new Uint8Array(await crypto.subtle.sign(sign, this.#privateKey, Uint8Array.from(message)));
  }
}

/** A key as IndexedDB keeps it. */
export interface StoredKey {
  readonly algorithm: Algorithm;
  readonly bytes: Uint8Array;
  readonly privateKey: CryptoKey;
}

/** Settles with the result of a request of IndexedDB. */
function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new DidshakeError("own_failure", { detail: "IndexedDB" }));
  });
}

/** Keeps {@link WebCryptoSigner}s in IndexedDB under names. The browser may clear it: ask for `navigator.storage.persist()`. */
export class SignerStore {
  readonly #database: IDBDatabase;
  static readonly #KEYS = "keys";

  private constructor(database: IDBDatabase) {
    this.#database = database;
  }

  /** @throws DidshakeError `own_failure` if there is no IndexedDB here, or it does not open */
  static async open(name = "didshake"): Promise<SignerStore> {
    if (typeof indexedDB === "undefined") throw new DidshakeError("own_failure", { detail: "no IndexedDB" });
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(SignerStore.#KEYS);
    return new SignerStore(await settled(request));
  }

  /** Stores a signer; one that is there under this name is kept, and `own_failure` thrown. */
  async add(name: string, signer: WebCryptoSigner): Promise<void> {
    await settled(this.#keys("readwrite").add(WebCryptoSigner.parts(signer), name));
  }

  /** The signer of this name, or undefined. */
  async get(name: string): Promise<WebCryptoSigner | undefined> {
    const found = (await settled(this.#keys("readonly").get(name))) as StoredKey | undefined;
    return found && WebCryptoSigner.fromParts(found);
  }

  /** The names that there are. */
  async names(): Promise<string[]> {
    return (await settled(this.#keys("readonly").getAllKeys())).map(String);
  }

  /** Gives a signer another name. `own_failure`, and nothing changed, if there is none of the old name or one of the new. */
  async rename(from: string, to: string): Promise<void> {
    // one transaction: the key is under one of the two names whatever happens
    const keys = this.#keys("readwrite");
    const key = (await settled(keys.get(from))) as StoredKey | undefined;
    if (key === undefined) throw new DidshakeError("own_failure", { detail: "no signer of this name" });
    await Promise.all([settled(keys.add(key, to)), settled(keys.delete(from))]);
  }

  /** Removes a signer; it cannot be had again. */
  async remove(name: string): Promise<void> {
    await settled(this.#keys("readwrite").delete(name));
  }

  /** Closes the database; the store is of no use afterwards. */
  close(): void {
    this.#database.close();
  }

  #keys(mode: IDBTransactionMode): IDBObjectStore {
    return this.#database.transaction(SignerStore.#KEYS, mode).objectStore(SignerStore.#KEYS);
  }
}
