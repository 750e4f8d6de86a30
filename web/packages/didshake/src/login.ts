import type { Clock, LocalIdentity, Meant, Policy, Random, VerifiedPeer } from "./config.js";
import { HTTP } from "./config.js";
import { callerFault, DidshakeError } from "./errors.js";
import type { Established } from "./established.js";
import { fromBase64url } from "./encoding.js";
import { isRedirect, mediaType, QUIET, readBody, transportFailure, withDeadline, type Fetch } from "./fetching.js";
import { Initiator, type WaitReply, type WaitReply2 } from "./initiator.js";
import { MAX_MESSAGE, REPLY } from "./messages.js";
import { originOf } from "./origin.js";
import { RequestKey, signRequest, type SignatureFields } from "./requests.js";
import type { Resolver } from "./resolver.js";
import type { Exporter } from "./schedule.js";
import { utf8 } from "./bytes.js";

/** The media type of every message over HTTP (15.4). */
export const MEDIA_TYPE = "application/didshake";

/** What a login over HTTP needs. */
export interface LoginOptions {
  /** The endpoint: an absolute https URL, or http for tests. Its origin is the prologue (R-BIND-6). */
  readonly url: string;
  readonly identity: LocalIdentity;
  readonly meant: Meant;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly random: Random;
  readonly resolvers?: readonly Resolver[];
  readonly policy?: Policy;
  readonly suites?: readonly number[];
  readonly ownDids?: readonly string[];
  readonly recipient?: boolean;
  /** `didshake.login/1` unless given. */
  readonly applicationProtocol?: string;
  /** Milliseconds for the whole attempt; 60,000 unless given (R-LIMIT-2). */
  readonly timeout?: number;
}

interface Answer {
  readonly body: Uint8Array;
  readonly state: string | null;
}

/**
 * One attempt over HTTP as the initiator (15.4): two requests, three after a Retry. Nothing is repeated; a lost Accept means
 * a new attempt (R-BIND-14).
 * @throws DidshakeError with the code of what failed, `transport`, `timeout`, or `caller`
 */
export async function login(options: LoginOptions): Promise<LoginSession> {
  const place = originOf(options.url);
  if (place === undefined || place.binding !== HTTP) callerFault("the endpoint is an http or https URL with an origin");
  const established = await withDeadline(options.timeout ?? 60_000, (signal) => attempt(options, place.origin, signal));
  return new LoginSession(established, place.origin, options);
}

async function attempt(options: LoginOptions, origin: string, signal: AbortSignal): Promise<Established> {
  const { url, fetch, timeout: _, applicationProtocol = "didshake.login/1", ...rest } = options;
  const initiator = new Initiator({ ...rest, applicationProtocol, binding: HTTP, prologue: utf8(origin), signal });
  const send = (message: Uint8Array, state?: string): Promise<Answer> => post(fetch, url, { message, state, signal });
  const hello = initiator.start();
  let answer = await send(hello.message);
  let step = await take(hello.next, answer);
  if (step.kind === "retry") {
    answer = await send(step.message);
    step = await take(step.next, answer);
  }
  if (step.kind === "retry") throw transportFailure("a second Retry");
  const accept = await send(step.message, answer.state ?? undefined);
  return step.next.receive(accept.body);
}

/** A Reply counts only with exactly one state of the right form (R-BIND-11); elsewhere a state is ignored. */
async function take<S extends WaitReply | WaitReply2>(next: S, { body, state }: Answer) {
  if (body[0] === REPLY && !isState(state)) throw transportFailure("a Reply without exactly one DIDShake-State");
  return next.receive(body);
}

function isState(state: string | null): boolean {
  return state !== null && state.length >= 1 && state.length <= 4096 && fromBase64url(state) !== undefined;
}

interface Posted {
  readonly message: Uint8Array;
  readonly state: string | undefined;
  readonly signal: AbortSignal;
}

/** One request. Its body alone is judged, whatever the status (R-BIND-10). Errors: `transport`. */
async function post(fetch: Fetch, url: string, { message, state, signal }: Posted): Promise<Answer> {
  const headers: Record<string, string> = { "Content-Type": MEDIA_TYPE, Accept: MEDIA_TYPE };
  if (state !== undefined) headers["DIDShake-State"] = state;
  let response: Response;
  let body: Uint8Array | undefined;
  try {
    response = await fetch(url, { ...QUIET, method: "POST", headers, body: Uint8Array.from(message), signal });
    if (isRedirect(response)) throw transportFailure("a redirect");
    if (mediaType(response) !== MEDIA_TYPE) throw transportFailure(`no message, status ${response.status}`);
    body = await readBody(response, MAX_MESSAGE);
  } catch (fault) {
    throw fault instanceof DidshakeError ? fault : transportFailure("no answer");
  }
  if (body === undefined) throw new DidshakeError("message_too_long");
  return { body, state: response.headers.get("didshake-state") };
}

/** A session with a service: requests to the origin of the handshake, each signed anew (15.6). */
export class LoginSession {
  readonly peer: VerifiedPeer;
  readonly own: { readonly did: string; readonly fragment: string };
  readonly origin: string;
  /** 16 bytes, a public name. */
  readonly sessionId: Uint8Array;
  /** Seconds from {@link acceptedAt}. */
  readonly lifetime: number;
  /** Unix seconds. */
  readonly acceptedAt: number;
  readonly suite: number;
  /** For keys of the application's own. */
  readonly exporter: Exporter;
  readonly #key: RequestKey;
  readonly #options: Pick<LoginOptions, "fetch" | "clock" | "random">;
  #over = false;

  /** @internal */
  constructor(established: Established, origin: string, options: LoginOptions) {
    this.origin = origin;
    this.peer = established.peer;
    this.own = established.own;
    this.sessionId = established.sessionId;
    this.lifetime = established.lifetime;
    this.acceptedAt = established.acceptedAt;
    this.suite = established.suite;
    this.exporter = established.exporter;
    this.#key = new RequestKey(established.exporter);
    this.#options = { fetch: options.fetch, clock: options.clock, random: options.random };
  }

  /** True while less than `lifetime` seconds have passed since Accept (R-INIT-10). */
  get live(): boolean {
    return !this.#over && this.#options.clock() - this.acceptedAt < this.lifetime;
  }

  /**
   * The three header fields for one request; use them once.
   * @param url an absolute URL on the origin of the handshake, as it is sent
   * @param body the bytes as they are sent
   * @throws DidshakeError `session_over`; `caller` for another origin (R-REQ-2)
   */
  sign(method: string, url: string, body: Uint8Array = new Uint8Array()): SignatureFields {
    if (!this.live) throw new DidshakeError("session_over");
    if (originOf(url)?.origin !== this.origin) callerFault("signed requests go to the origin of the handshake only");
    const { pathname, search } = new URL(url);
    const request = { method, origin: this.origin, path: pathname, query: search.slice(1), body };
    return signRequest(this.#key, this.sessionId, request, this.#options.clock(), this.#options.random(16));
  }

  /**
   * Signs and sends one request. No redirect is followed.
   * @param path an absolute path with its query, or a URL on the origin of the handshake
   * @throws DidshakeError `session_over`, `caller`, `transport`
   */
  async fetch(path: string, init: { method?: string; headers?: Record<string, string>; body?: Uint8Array; signal?: AbortSignal } = {}) {
    const url = new URL(path, `${this.origin}/`).href;
    const { headers = {}, body, signal } = init;
    // `fetch` itself writes these methods in upper case, and no others
    const method = (init.method ?? "GET").replace(/^(?:delete|get|head|options|post|put)$/i, (name) => name.toUpperCase());
    const fields = this.sign(method, url, body);
    const request: RequestInit = { ...QUIET, method, headers: { ...headers, ...fields } };
    if (body !== undefined) request.body = Uint8Array.from(body);
    if (signal !== undefined) request.signal = signal;
    // taken out first: the platform's fetch must not be called as a method of something else
    const { fetch } = this.#options;
    try {
      return await fetch(url, request);
    } catch {
      throw transportFailure("no answer");
    }
  }

  /** Ends the session on this side and overwrites its keys. */
  end(): void {
    this.#over = true;
    this.#key.wipe();
    this.exporter.wipe();
  }
}
