import { concat, copyBytes } from "./bytes.js";
import { ALERTS, callerFault, DidshakeError, FAULTS, type FaultCode } from "./errors.js";
import { Direction } from "./direction.js";
import { RECORD } from "./messages.js";
import type { Suite } from "./suites.js";

/** Content types (14.8). */
const DATA = 1;
const CLOSE = 2;
const KEY_UPDATE = 3;
const CONTENT_ALERT = 4;

/** Longest record in bytes, its type byte included. */
export const MAX_RECORD = 65553;
/** Content and padding of a record together, in bytes. */
export const MAX_CONTENT = 65535;

/** What a record brought. `close` ends the peer's direction only. */
export type Received =
  | { readonly type: "data"; readonly content: Uint8Array }
  | { readonly type: "key_update" }
  | { readonly type: "close" };

/** The role in the handshake. */
export type Role = "initiator" | "responder";

/** What a channel is made of. */
export interface ChannelSecrets {
  readonly suite: Suite;
  readonly i2r: Uint8Array;
  readonly r2i: Uint8Array;
}

/**
 * The channel of section 12, for an ordered, reliable transport. It moves no bytes itself: what the methods return is to be
 * sent, one message of the binding for each record, in order; what comes is given to {@link receive}, in order.
 */
export class Channel {
  /** @internal For tests: both sides skip so many records of one direction, since 2^20 of them take minutes. */
  static skip(sender: Channel, receiver: Channel, records: number): void {
    sender.#out.skip(records);
    receiver.#in.skip(records);
  }

  readonly #out: Direction;
  readonly #in: Direction;
  /** No alert was sent or received, and no record refused. */
  #alive = true;

  /** @internal */
  constructor(role: Role, { suite, i2r, r2i }: ChannelSecrets) {
    const [out, into] = role === "initiator" ? [i2r, r2i] : [r2i, i2r];
    this.#out = new Direction(suite, out);
    this.#in = new Direction(suite, into);
  }

  /** True after a close in both directions: the channel has ended in order. */
  get closed(): boolean {
    return this.#alive && this.#out.closed && this.#in.closed;
  }

  /** True while this side may still send. */
  get open(): boolean {
    return this.#alive && !this.#out.closed;
  }

  /** The key_updates that the own direction has carried. */
  get generation(): number {
    return this.#out.generation;
  }

  /**
   * Seals data. A key_update goes before it where one is due.
   * @param content 0 to 65,535 bytes, padding included
   * @param padding zero bytes to add
   * @throws DidshakeError `caller` if it is too long, or the own direction is over
   */
  send(content: Uint8Array, padding = 0): Uint8Array[] {
    return this.#records(DATA, content, padding);
  }

  /** Ends the own direction; the peer may go on. Errors: `caller` if the own direction is over. */
  close(padding = 0): Uint8Array[] {
    const records = this.#records(CLOSE, new Uint8Array(), padding);
    this.#out.closed = true;
    return records;
  }

  /** A key_update: the next record is sealed under the next secret. Errors: `caller` if the own direction is over. */
  keyUpdate(padding = 0): Uint8Array {
    const record = this.#record(KEY_UPDATE, new Uint8Array(), padding);
    this.#out.update();
    return record;
  }

  /** Ends the channel with an alert of section 14.9. Errors: `caller` for an unknown code, or if the own direction is over. */
  alert(code: number, padding = 0): Uint8Array[] {
    if (!ALERTS.has(code)) callerFault("an unknown alert");
    const records = this.#records(CONTENT_ALERT, Uint8Array.of(code), padding);
    this.#end();
    return records;
  }

  /**
   * Opens the next record of the peer, by the steps of section 12.5.
   * @throws DidshakeError with the code of the step that fails. The channel is over then; `answer` holds what is to be sent
   *   before the connection is closed. `peer_alert` stands for an alert of the peer.
   */
  receive(record: Uint8Array): Received {
    const bytes = copyBytes(record, "a record", MAX_RECORD);
    if (bytes.length > MAX_RECORD) this.#refuse("record_too_long");
    if (bytes[0] !== RECORD) this.#refuse("not_a_record");
    if (!this.#alive || this.#in.closed) this.#refuse("record_after_close");
    const due = this.#in.due;
    const inner = this.#in.open(bytes.subarray(1)) ?? this.#refuse("record_not_opened");
    let end = inner.length;
    while (end > 0 && inner[end - 1] === 0) end -= 1;
    if (end === 0) this.#refuse("record_zeros_only");
    return this.#take(inner[end - 1] as number, inner.slice(0, end - 1), due);
  }

  /** To be called when the transport ends. Errors: `truncated` unless the peer's close has come (R-CHAN-15). */
  transportEnded(): void {
    const orderly = this.#alive && this.#in.closed;
    this.#end();
    if (!orderly) throw new DidshakeError("truncated");
  }

  /** Steps 6 to 9. */
  #take(type: number, content: Uint8Array, due: boolean): Received {
    if (type > CONTENT_ALERT) this.#refuse("record_unknown_content_type");
    if (due && type !== KEY_UPDATE) this.#refuse("key_update_overdue");
    const length = type === CONTENT_ALERT ? 1 : 0;
    if (type !== DATA && content.length !== length) this.#refuse("record_content_length");
    switch (type) {
      case DATA: return { type: "data", content };
      case CLOSE:
        this.#in.closed = true;
        return { type: "close" };
      case KEY_UPDATE:
        this.#in.update();
        return { type: "key_update" };
      default: return this.#refuse(ALERTS.has(content[0] as number) ? "peer_alert" : "malformed_alert");
    }
  }

  /** Ends the channel with this code; answers if the registry and the state of the channel let it. */
  #refuse(code: FaultCode): never {
    const alert = this.#alive ? FAULTS[code] : null;
    if (alert === null || this.#out.closed) {
      this.#end();
      throw new DidshakeError(code, { alert });
    }
    throw new DidshakeError(code, { alert, answer: this.alert(alert) });
  }

  #end(): void {
    this.#alive = false;
    this.#out.wipe();
    this.#in.wipe();
  }

  /** One record, with the key_update before it that is due. */
  #records(type: number, content: Uint8Array, padding: number): Uint8Array[] {
    this.#checkSending(content, padding);
    const before = this.#out.due ? [this.keyUpdate()] : [];
    return [...before, this.#record(type, content, padding)];
  }

  #record(type: number, content: Uint8Array, padding: number): Uint8Array {
    this.#checkSending(content, padding);
    const inner = concat(content, Uint8Array.of(type), new Uint8Array(padding));
    return concat(Uint8Array.of(RECORD), this.#out.seal(inner));
  }

  #checkSending(content: Uint8Array, padding: number): void {
    if (!this.open) callerFault("nothing more is sent in this direction");
    if (!Number.isInteger(padding) || padding < 0) callerFault("padding is a number of bytes");
    if (content.length + padding > MAX_CONTENT) callerFault("a record carries at most 65,535 bytes");
  }
}
