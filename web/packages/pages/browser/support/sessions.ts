import { methodUrl } from "../../../didshake/src/did.js";
import { toBase64url } from "../../../didshake/src/encoding.js";
import { toHex } from "../../../didshake/src/bytes.js";
import type { Established } from "../../../didshake/src/established.js";
import { RequestKey, type RequestStore, type ServiceSession } from "../../../didshake/src/requests.js";
import { randomBytes } from "node:crypto";

/** A session as the service keeps it. */
export interface Kept extends ServiceSession {
  readonly id: string;
  readonly established: Established;
  readonly cookie: string;
  used: boolean;
  lastUsed: number | null;
}

/** The sessions of a test service, in memory. */
export class Sessions implements RequestStore<Kept> {
  readonly #origin: string;
  readonly #kept = new Map<string, Kept>();
  readonly #burned = new Set<string>();

  constructor(origin: string) {
    this.#origin = origin;
  }

  keep(established: Established): void {
    const { sessionId, exporter, acceptedAt, lifetime } = established;
    const id = toBase64url(sessionId);
    const cookie = randomBytes(32).toString("base64url");
    this.#kept.set(id, { id, origin: this.#origin, key: new RequestKey(exporter), acceptedAt, lifetime, established, cookie, used: false, lastUsed: null });
  }

  find(sessionId: Uint8Array): Kept | undefined {
    return this.#kept.get(toBase64url(sessionId));
  }

  burnNonce(sessionId: Uint8Array, nonce: Uint8Array): boolean {
    const name = toHex(sessionId) + toHex(nonce);
    return !this.#burned.has(name) && this.#burned.add(name) !== undefined;
  }

  ofCookie(cookie: string): Kept | undefined {
    return [...this.#kept.values()].find((one) => one.cookie === cookie && one.used);
  }

  of(did: string): Kept[] {
    return [...this.#kept.values()].filter(({ established, used }) => used && established.peer.did === did);
  }

  /** Ends one of this DID's; false if there is none. */
  end(id: string, did: string): boolean {
    return this.#kept.get(id)?.established.peer.did === did && this.#kept.delete(id);
  }

  endAny(id: string): boolean {
    return this.#kept.delete(id);
  }

  endOf(did: string): void {
    for (const { id } of [...this.#kept.values()].filter(({ established }) => established.peer.did === did)) this.#kept.delete(id);
  }

  newest(count: number): Kept[] {
    return [...this.#kept.values()].filter(({ used }) => used).reverse().slice(0, count);
  }

  json({ id, established, lastUsed }: Kept, service: string, current: string): object {
    const { did, fragment, algorithm, publicKey } = established.peer;
    return {
      session_id: id, did, verification_method: fragment === "" ? did : methodUrl(did, fragment),
      algorithm: algorithm === 1 ? "Ed25519" : "ES256", public_key: toHex(publicKey), origin: this.#origin,
      created: established.acceptedAt, expires: established.acceptedAt + established.lifetime, last_used: lastUsed,
      client: "127.0.0.1", current: id === current, service: { did: service },
    };
  }
}
