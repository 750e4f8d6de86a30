import { DENIED, DidshakeError, INTERNAL } from "./errors.js";
import { fromBase64url, toBase64url } from "./encoding.js";
import type { Established } from "./established.js";
import { ALERT, encodeAlert, FINISH } from "./messages.js";
import { MEDIA_TYPE } from "./login.js";
import type { Responder } from "./responder.js";
import type { StateSealer } from "./waiting.js";

/** A request of a handshake, as an HTTP server gives it. */
export interface HandshakeRequest {
  readonly method: string;
  /** The values of all `Content-Type` fields. */
  readonly contentTypes: readonly string[];
  /** The values of all `DIDShake-State` fields. */
  readonly states: readonly string[];
  /** The server reads no more than 65,536 bytes: what is longer is refused anyway. */
  readonly body: Uint8Array;
}

/** What the server answers. */
export interface HandshakeResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** How a service runs the handshake over HTTP (15.4): one for each origin, which `Host` selects. Path and `Host` are the server's to check. */
export interface HttpResponderOptions {
  /** Configured with binding 3, the origin as prologue, and the path as endpoint. */
  readonly responder: Responder;
  readonly sealer: StateSealer;
  /** Waits so many milliseconds. */
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Milliseconds from the message before which `denied` does not leave; 100 unless given (R-CHECK-8). */
  readonly denyDelay?: number;
  /** Makes the provisional session, after the burn and before Accept; what it throws is `denied`. */
  readonly onEstablished: (established: Established) => void | Promise<void>;
  /** The local log. */
  readonly onFailure?: (failure: DidshakeError) => void;
}

const EMPTY = new Uint8Array();

/** Answers the requests of handshakes, each on its own; keeps nothing between Reply and Finish. */
export class HttpResponder {
  readonly #options: HttpResponderOptions;

  /** For one endpoint at one origin. */
  constructor(options: HttpResponderOptions) {
    this.#options = options;
  }

  /** Answers one request; never throws for what came. */
  async handle(request: HandshakeRequest): Promise<HandshakeResponse> {
    const { method, contentTypes, body } = request;
    if (method !== "POST") return { status: 405, headers: { Allow: "POST" }, body: EMPTY };
    const type = contentTypes[0]?.split(";", 1)[0]?.trim().toLowerCase();
    if (contentTypes.length !== 1 || type !== MEDIA_TYPE) return { status: 415, headers: {}, body: EMPTY };
    // an Alert is never answered (R-BIND-13)
    if (body[0] === ALERT) return { status: 400, headers: {}, body: EMPTY };
    const delay = this.#options.sleep(this.#options.denyDelay ?? 100).catch(() => undefined);
    try {
      return body[0] === FINISH ? await this.#finish(request) : await this.#hello(body);
    } catch (fault) {
      return this.#refusal(fault, delay, body[0] === FINISH ? DENIED : INTERNAL);
    }
  }

  async #hello(body: Uint8Array): Promise<HandshakeResponse> {
    const { responder, sealer } = this.#options;
    const step = await responder.waitHello().receive(body);
    if (step.kind === "retry") return answer(200, step.message);
    return answer(200, step.message, { "DIDShake-State": toBase64url(step.next.seal(sealer)) });
  }

  async #finish({ body, states }: HandshakeRequest): Promise<HandshakeResponse> {
    const { responder, sealer, onEstablished } = this.#options;
    const text = states.length === 1 ? (states[0] as string) : "";
    const token = text.length >= 1 && text.length <= 4096 ? fromBase64url(text) : undefined;
    const { message, established } = await responder.finish(body, token, sealer);
    await onEstablished(established);
    return answer(200, message);
  }

  async #refusal(fault: unknown, delay: Promise<unknown>, ownAlert: number): Promise<HandshakeResponse> {
    const failure = fault instanceof DidshakeError && fault.answer !== undefined ? fault : internal(ownAlert);
    this.#options.onFailure?.(failure);
    if (failure.delayed) await delay;
    return answer(401, failure.answer?.[0] ?? EMPTY, { "WWW-Authenticate": "DIDShake" });
  }
}

/** A failure of our own: `denied` once a Finish is judged, `internal` before. */
function internal(alert: number): DidshakeError {
  return new DidshakeError("own_failure", { alert, answer: [encodeAlert(alert)] });
}

function answer(status: number, body: Uint8Array, headers: Record<string, string> = {}): HandshakeResponse {
  return { status, headers: { "Content-Type": MEDIA_TYPE, "Cache-Control": "no-store", ...headers }, body };
}
