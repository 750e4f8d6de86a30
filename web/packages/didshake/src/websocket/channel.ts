import type { Channel } from "../channel.js";
import { callerFault, DidshakeError } from "../errors.js";
import type { Established } from "../established.js";
import type { Frames } from "./frames.js";

const NO_RECORD = new Uint8Array();

/**
 * The channel over one WebSocket: messages of at most 65,535 bytes, in order. Each direction is closed by itself, and a cut is
 * told from a close.
 */
export class WebSocketChannel implements AsyncIterable<Uint8Array> {
  /** Who is at the other end, the exporter, and what else the handshake gave. */
  readonly established: Omit<Established, "channel">;
  readonly #channel: Channel;
  readonly #frames: Frames;
  #receiving = false;
  #peerClosed = false;
  #ended = false;

  /** @internal */
  constructor({ channel, ...established }: Established, frames: Frames) {
    if (channel === undefined) callerFault("no channel");
    this.established = established;
    this.#channel = channel;
    this.#frames = frames;
  }

  /** True while this side may still send. */
  get open(): boolean {
    return this.#channel.open && !this.#ended;
  }

  /**
   * Sends one message, and waits while more than 1 MiB is not on its way yet.
   * @param content 0 to 65,535 bytes, padding included
   * @param padding zero bytes to add, that hide the length
   * @throws DidshakeError `caller` if it is too long or the own direction is over; `transport` if the connection is
   */
  async send(content: Uint8Array, padding = 0): Promise<void> {
    return this.#frames.send(...this.#channel.send(content, padding));
  }

  /** Seals what is sent from now on under the next key. Errors: as {@link send}. */
  async updateKey(): Promise<void> {
    return this.#frames.send(this.#channel.keyUpdate());
  }

  /**
   * The next message, or undefined once the peer has closed its direction.
   * @param signal ends the waiting, with its reason; no message is lost
   * @throws DidshakeError `truncated` if the connection was cut; `peer_alert`; the code of a bad record, which was answered. The
   *   channel is over then. `caller` if a call is under way
   */
  async receive(signal?: AbortSignal): Promise<Uint8Array | undefined> {
    if (this.#receiving) callerFault("one receive at a time");
    this.#receiving = true;
    try {
      while (!this.#peerClosed) {
        const received = this.#take(await this.#frames.next(signal));
        if (received?.type === "data") return received.content;
        this.#peerClosed = received?.type !== "key_update";
      }
      return this.#closeIfDone();
    } finally {
      this.#receiving = false;
    }
  }

  /** The messages until the peer closes its direction. Errors: as {@link receive}. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (let content = await this.receive(); content !== undefined; content = await this.receive()) yield content;
  }

  /** Ends the own direction: the peer learns that this was all, and may go on. Errors: as {@link send}. */
  async close(): Promise<void> {
    await this.#frames.send(...this.#channel.close());
    this.#closeIfDone();
  }

  /** Ends the connection at once, as a cut where the directions are not closed. */
  end(): void {
    this.#ended = true;
    this.#frames.close();
  }

  /** The peer of a closed channel closes too; whoever is last ends the connection. */
  #closeIfDone(): undefined {
    if (this.#channel.closed) this.#frames.close();
  }

  /** Opens a record; undefined after an end in order. */
  #take(frame: Uint8Array | "text" | "ended") {
    try {
      if (frame === "ended") return this.#channel.transportEnded();
      // a text message is no record, whatever it says
      return this.#channel.receive(frame === "text" ? NO_RECORD : frame);
    } catch (fault) {
      if (frame !== "ended" && fault instanceof DidshakeError) this.#frames.refuse(fault);
      throw fault;
    }
  }
}
