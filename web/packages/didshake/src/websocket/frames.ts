import { DidshakeError } from "../errors.js";
import { transportFailure } from "../fetching.js";

/** The subprotocol that the initiator offers and the responder selects (R-BIND-4). */
export const SUBPROTOCOL = "didshake.1";

/** What is used of a WebSocket: the platform's has it, and that of `ws`. */
export interface WebSocketLike {
  binaryType: string;
  readonly protocol: string;
  readonly readyState: number;
  /** Bytes that {@link send} took and the network has not. */
  readonly bufferedAmount: number;
  /** Sends one binary message. */
  send(message: ArrayBuffer): void;
  /** Begins the closing handshake. */
  close(code?: number): void;
  /** Calls a function at each message. */
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  /** Calls a function at each event of this type. */
  addEventListener(type: "open" | "close" | "error", listener: () => void): void;
}

/** Opens a WebSocket: the platform's `WebSocket`, or the class of `ws`. */
export type WebSocketConstructor = new (url: string, protocols: string) => WebSocketLike;

const OPEN = 1;
/** Unread bytes at which a peer that sends faster than it is read is cut off. */
const MAX_UNREAD = 4_194_304;
/** What a message costs besides its bytes, so that empty ones are bounded too. */
const COST = 64;
/** Bytes that may wait to be sent before the sender waits. */
const MAX_UNSENT = 1_048_576;
const DRAIN_MILLISECONDS = 10;

/** A binary message; `text` for one of text, after which nothing is read; `ended` when the connection is over. */
export type Frame = Uint8Array | "text" | "ended";

/** The messages of one WebSocket, in order, as they are asked for. */
export class Frames {
  readonly #socket: WebSocketLike;
  readonly #unread: Uint8Array[] = [];
  #cost = 0;
  #end: "text" | "ended" | "flood" | undefined;
  #wake: (() => void) | undefined;

  /** Takes over a socket whose messages nobody has read yet. */
  constructor(socket: WebSocketLike) {
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => this.#take(data));
    socket.addEventListener("close", () => this.#finish("ended"));
    // a close follows; an error that nobody listens to would be thrown
    socket.addEventListener("error", () => undefined);
    socket.addEventListener("open", () => this.#wake?.());
  }

  /** Waits until the socket is open and has the subprotocol. Errors: `transport`. */
  async opened(signal?: AbortSignal): Promise<void> {
    while (this.#socket.readyState !== OPEN) {
      if (this.#end !== undefined) throw transportFailure("no connection");
      await this.#event(signal);
    }
    if (this.#socket.protocol !== SUBPROTOCOL) throw transportFailure(`no subprotocol ${SUBPROTOCOL}`);
  }

  /** The next message, also one that came before the end. Errors: `transport` after a flood; the signal's reason. */
  async next(signal?: AbortSignal): Promise<Frame> {
    for (;;) {
      signal?.throwIfAborted();
      const frame = this.#unread.shift();
      if (frame !== undefined) {
        this.#cost -= frame.length + COST;
        return frame;
      }
      if (this.#end === "flood") throw transportFailure("more came than was read");
      if (this.#end !== undefined) return this.#end;
      await this.#event(signal);
    }
  }

  /** Sends messages, one behind the other; waits then while too much is not sent yet. Errors: `transport` if the connection is over. */
  async send(...messages: readonly Uint8Array[]): Promise<void> {
    // all of them before the first wait: another call must not come between a key_update and the record that it is for
    for (const message of messages) this.#put(message);
    while (this.#socket.bufferedAmount > MAX_UNSENT && this.#socket.readyState === OPEN) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_MILLISECONDS));
    }
  }

  /** Sends what an error answers, and closes. What comes of it is of no interest. */
  refuse(fault: unknown): void {
    const answer = fault instanceof DidshakeError ? (fault.answer ?? []) : [];
    try {
      for (const message of answer) this.#put(message);
    } catch {
      // the connection was faster
    }
    this.close();
  }

  /** Ends the connection. */
  close(): void {
    this.#socket.close(1000);
  }

  #put(message: Uint8Array): void {
    if (this.#socket.readyState !== OPEN) throw transportFailure("the connection is over");
    this.#socket.send(Uint8Array.from(message).buffer);
  }

  #take(data: unknown): void {
    if (this.#end !== undefined) return;
    if (!(data instanceof ArrayBuffer)) return this.#finish("text");
    this.#cost += data.byteLength + COST;
    if (this.#cost > MAX_UNREAD) {
      this.close();
      return this.#finish("flood");
    }
    this.#unread.push(new Uint8Array(data));
    this.#wake?.();
  }

  #finish(end: "text" | "ended" | "flood"): void {
    this.#end ??= end;
    this.#wake?.();
  }

  /** Waits until something happens. */
  #event(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(signal?.reason as Error);
      this.#wake = () => {
        this.#wake = undefined;
        signal?.removeEventListener("abort", abort);
        resolve();
      };
      signal?.addEventListener("abort", abort, { once: true });
    });
  }
}
