import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { equal, equalSecret, utf8, wipe } from "./bytes.js";
import { callerFault, DidshakeError, refuse } from "./errors.js";
import { fromBase64of32, fromBase64url, hash, toBase64, toBase64url } from "./encoding.js";
import { originOf } from "./origin.js";
import type { Exporter } from "./schedule.js";

const COMPONENTS = '("@method" "@authority" "@path" "@query" "content-digest")';
const MAX_FIELD = 512;
const WINDOW = 60;
const SIGNATURE_INPUT = new RegExp(
  '^didshake=(\\("@method" "@authority" "@path" "@query" "content-digest"\\);created=(0|[1-9][0-9]{0,14});' +
  'nonce="([A-Za-z0-9_-]{22})";keyid="([A-Za-z0-9_-]{22})";alg="hmac-sha256";tag="didshake\\.login/1")$',
);
const SIGNATURE = /^didshake=:([A-Za-z0-9+/=]{44}):$/;
const DIGEST = /^sha-256=:([A-Za-z0-9+/=]{44}):$/;

/** The three header fields of a signed request (15.6). */
export interface SignatureFields {
  readonly "Content-Digest": string;
  readonly "Signature-Input": string;
  readonly Signature: string;
}

/** What a client signs. */
export interface RequestToSign {
  /** As it is sent. */
  readonly method: string;
  /** The origin of the handshake, as {@link originOf} writes it. */
  readonly origin: string;
  /** As it is sent, without `?` and what follows; empty stands for `/`. */
  readonly path: string;
  /** As it is sent, without `?`; null or empty where there is none. */
  readonly query: string | null;
  /** As it is sent, after any content coding. */
  readonly body: Uint8Array;
}

/** The request key of a session (R-REQ-1), 32 bytes; never shown. */
export class RequestKey {
  #key: Uint8Array | undefined;

  /** @throws DidshakeError `state_used` if the exporter is wiped */
  constructor(exporter: Exporter) {
    this.#key = exporter.export("didshake.login/1 request", new Uint8Array(), 32);
  }

  /** @internal */
  mac(base: string): Uint8Array {
    if (this.#key === undefined) throw new DidshakeError("state_used", { detail: "the request key is wiped" });
    return hmac(sha256, this.#key, utf8(base));
  }

  /** Overwrites the key; it neither signs nor verifies afterwards. */
  wipe(): void {
    wipe(this.#key);
    this.#key = undefined;
  }
}

interface BaseParts {
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  readonly query: string | null;
  readonly digest: string;
  readonly parameters: string;
}

/** The signature base of RFC 9421, section 2.5. */
export function signatureBase({ method, authority, path, query, digest, parameters }: BaseParts): string {
  return [
    `"@method": ${method}`,
    `"@authority": ${authority}`,
    `"@path": ${path === "" ? "/" : path}`,
    `"@query": ?${query ?? ""}`,
    `"content-digest": sha-256=:${digest}:`,
    `"@signature-params": ${parameters}`,
  ].join("\n");
}

/** What cannot be in a request line would make another base. */
function checkParts({ method, path, query }: Pick<RequestToSign, "method" | "path" | "query">): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(method) && /^(\/[\x21-\x7e]*)?$/.test(path) && /^[\x21-\x7e]*$/.test(query ?? "");
}

/**
 * Signs one request anew (R-REQ-2).
 * @param created Unix seconds of the client's clock
 * @param nonce 16 fresh random bytes
 * @throws DidshakeError `caller` if the request is none that HTTP can send
 */
export function signRequest(
  key: RequestKey, sessionId: Uint8Array, request: RequestToSign, created: number, nonce: Uint8Array,
): SignatureFields {
  const { authority } = originOf(request.origin) ?? callerFault("not an origin");
  if (!checkParts(request)) callerFault("not a method, path and query of HTTP");
  if (!Number.isInteger(created) || created < 0 || created > 999_999_999_999_999) callerFault("created is Unix seconds");
  if (nonce.length !== 16 || sessionId.length !== 16) callerFault("a nonce and a session id are 16 bytes");
  const digest = toBase64(hash(request.body));
  const parameters = `${COMPONENTS};created=${created};nonce="${toBase64url(nonce)}";keyid="${toBase64url(sessionId)}"` +
    ';alg="hmac-sha256";tag="didshake.login/1"';
  const { method, path, query } = request;
  const mac = key.mac(signatureBase({ method, authority, path, query, digest, parameters }));
  return {
    "Content-Digest": `sha-256=:${digest}:`,
    "Signature-Input": `didshake=${parameters}`,
    Signature: `didshake=:${toBase64(mac)}:`,
  };
}

/** A session of a service: its record of a finished handshake. */
export interface ServiceSession {
  /** The origin of the handshake. */
  readonly origin: string;
  readonly key: RequestKey;
  /** Unix seconds of Accept. */
  readonly acceptedAt: number;
  /** Seconds, from Accept. */
  readonly lifetime: number;
  /** Whether it was used before; if not, it is over 60 s after Accept (10.7). */
  readonly used: boolean;
}

/** Where a service keeps its sessions and the nonces of their requests. */
export interface RequestStore<S extends ServiceSession> {
  /** The session of this id, 16 bytes, whether or not it is over; undefined if there is none. */
  find(sessionId: Uint8Array): S | undefined | Promise<S | undefined>;
  /** Atomically: false if the nonce was burned for this session before. `until`: Unix seconds, kept until then at least. */
  burnNonce(sessionId: Uint8Array, nonce: Uint8Array, until: number): boolean | Promise<boolean>;
}

/** What came. The three lists are the values of all fields of that name, without white space around them. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string | null;
  readonly body: Uint8Array;
  readonly contentDigest: readonly string[];
  readonly signatureInput: readonly string[];
  readonly signature: readonly string[];
}

/** How a service judges requests. */
export interface RequestService<S extends ServiceSession> {
  /** The configured origin that `Host` selects; undefined for an unknown, missing or repeated `Host` (R-REQ-9). */
  readonly origin: string | undefined;
  /** Unix seconds of the service's clock. */
  readonly now: number;
  readonly store: RequestStore<S>;
}

/** A request that counts: the caller records that the session has been used. */
export interface VerifiedRequest<S extends ServiceSession> {
  readonly session: S;
  readonly sessionId: Uint8Array;
  readonly created: number;
}

/**
 * The checks of section 15.6, in their order. The client learns one answer for all: 401 with `WWW-Authenticate: DIDShake`.
 * @throws DidshakeError with a code of the table in 15.6, for the log
 */
export async function verifyRequest<S extends ServiceSession>(
  service: RequestService<S>, request: ReceivedRequest,
): Promise<VerifiedRequest<S>> {
  if (request.signatureInput.length === 0 && request.signature.length === 0) refuse("request_unsigned");
  const fields = readFields(request);
  if (Math.abs(fields.created - service.now) > WINDOW) refuse("request_time");
  const session = await service.store.find(fields.sessionId);
  if (session === undefined || !isLive(session, service.now)) refuse("request_session");
  if (service.origin === undefined || session.origin !== service.origin) refuse("request_session");
  const authority = originOf(service.origin)?.authority ?? refuse("request_session");
  const { method, path, query } = request;
  if (/[\r\n]/.test(method + path + (query ?? ""))) refuse("request_signature");
  const base = signatureBase({ method, authority, path, query, digest: fields.digest, parameters: fields.parameters });
  if (!equalSecret(session.key.mac(base), fields.mac)) refuse("request_signature");
  if (!equal(utf8(toBase64(hash(request.body))), utf8(fields.digest))) refuse("request_digest");
  const { sessionId, nonce, created } = fields;
  // after all other checks: nobody but the client can use up a nonce
  if ((await service.store.burnNonce(sessionId, nonce, created + WINDOW + 1)) !== true) refuse("request_replayed");
  return { session, sessionId, created };
}

function isLive({ acceptedAt, lifetime, used }: ServiceSession, now: number): boolean {
  const age = now - acceptedAt;
  return age < lifetime && (used || age < WINDOW);
}

/** The one value of a field in its one form. Errors: `request_malformed`. */
function match(values: readonly string[], form: RegExp): readonly string[] {
  const value = values.length === 1 ? (values[0] as string) : refuse("request_malformed");
  if (value.length > MAX_FIELD) refuse("request_malformed");
  return form.exec(value) ?? refuse("request_malformed");
}

function readFields(request: ReceivedRequest) {
  const [, parameters = "", created = "", nonceText = "", keyid = ""] = match(request.signatureInput, SIGNATURE_INPUT);
  const mac = fromBase64of32(match(request.signature, SIGNATURE)[1] ?? "");
  const digest = match(request.contentDigest, DIGEST)[1] ?? "";
  const [nonce, sessionId] = [fromBase64url(nonceText), fromBase64url(keyid)];
  if (mac === undefined || fromBase64of32(digest) === undefined) refuse("request_malformed");
  if (nonce?.length !== 16 || sessionId?.length !== 16) refuse("request_malformed");
  return { parameters, created: Number(created), nonce, sessionId, mac, digest };
}
