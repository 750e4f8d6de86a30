import { concat } from "../../didshake/src/bytes.js";
import type { Fetch } from "../../didshake/src/fetching.js";
import { MEDIA_TYPE } from "../../didshake/src/login.js";
import { ALERT, FINISH } from "../../didshake/src/messages.js";

/** A message of the handshake as it went over the wire. */
export interface WireMessage {
  readonly from: "browser" | "service";
  readonly bytes: Uint8Array;
}

/** What the last response said beside its body. */
export interface Answered {
  readonly status: number;
  readonly date: string | null;
  readonly retryAfter: string | null;
}

/** The platform's `fetch`, with an eye on what goes through it. */
export class Wire {
  readonly messages: WireMessage[] = [];
  /** Undefined while no response has come to the last request. */
  last: Answered | undefined;
  readonly #onMessage: (message: WireMessage) => void;
  readonly #cookiePath: string;

  /** @param cookiePath the one request whose answer may set a cookie */
  constructor(cookiePath: string, onMessage: (message: WireMessage) => void) {
    this.#cookiePath = cookiePath;
    this.#onMessage = onMessage;
  }

  readonly fetch: Fetch = async (url, init) => {
    this.last = undefined;
    if (isMessage(init)) this.#saw({ from: "browser", bytes: init.body });
    const setsCookie = new URL(url).pathname === this.#cookiePath;
    const response = await fetch(url, setsCookie ? { ...init, credentials: "same-origin" } : init);
    const { status, headers } = response;
    this.last = { status, date: headers.get("date"), retryAfter: headers.get("retry-after") };
    return headers.get("content-type") === MEDIA_TYPE ? this.#watched(response) : response;
  };

  /** The code of the alert with which the service ended it, if it did. */
  get alert(): number | undefined {
    const last = this.messages.at(-1);
    return last?.from === "service" && last.bytes[0] === ALERT ? last.bytes[1] : undefined;
  }

  /** Whether a Finish went out: the browser sends it only to a service that has proved who it is. */
  get proved(): boolean {
    return this.messages.some(({ bytes }) => bytes[0] === FINISH);
  }

  /** The same response; its bytes are noted as the handshake reads them, so that its limits hold here too. */
  #watched(response: Response): Response {
    if (response.body === null) return response;
    const parts: Uint8Array[] = [];
    const eye = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform: (chunk, controller) => {
        parts.push(chunk.slice());
        controller.enqueue(chunk);
      },
      flush: () => this.#saw({ from: "service", bytes: concat(...parts) }),
    });
    const { status, headers } = response;
    return new Response(response.body.pipeThrough(eye), { status, headers });
  }

  #saw(message: WireMessage): void {
    this.messages.push(message);
    this.#onMessage(message);
  }
}

function isMessage(init: RequestInit): init is RequestInit & { body: Uint8Array } {
  return init.body instanceof Uint8Array && new Headers(init.headers).get("content-type") === MEDIA_TYPE;
}
