import { concat } from "./bytes.js";
import { callerFault, refuse } from "./errors.js";

/** `u24 length ‖ bytes`: a message or record on a stream (15.1). */
export function frame(message: Uint8Array): Uint8Array {
  const { length } = message;
  if (length > 0xffffff) callerFault("a message of a stream is at most 16,777,215 bytes");
  return concat(Uint8Array.of(length >>> 16, (length >>> 8) & 0xff, length & 0xff), message);
}

/** Takes the bytes of a stream as they come and gives its messages out. */
export class FrameReader {
  // pieces as they came: joined only when a whole message is there, however small the pieces are
  #pieces: Uint8Array[] = [];
  #length = 0;

  /** Adds bytes that came. */
  push(bytes: Uint8Array): void {
    this.#pieces.push(Uint8Array.from(bytes));
    this.#length += bytes.length;
  }

  /** True if nothing of an unfinished message is left: a stream may end here. */
  get empty(): boolean {
    return this.#length === 0;
  }

  /**
   * The next message, or undefined if more bytes are needed.
   * @param limit bytes, of the state that waits: 4,096 for a Hello, 65,535 in the handshake, 65,553 for a record
   * @throws DidshakeError `message_too_long` or `record_too_long`, from the three bytes of the length alone
   */
  next(limit: number, fault: "message_too_long" | "record_too_long" = "message_too_long"): Uint8Array | undefined {
    if (this.#length < 3) return undefined;
    const [high = 0, middle = 0, low = 0] = this.#head();
    const length = high * 65536 + middle * 256 + low;
    if (length > limit) refuse(fault);
    if (this.#length < 3 + length) return undefined;
    const all = this.#pieces.length === 1 ? (this.#pieces[0] as Uint8Array) : concat(...this.#pieces);
    this.#pieces = [all.subarray(3 + length)];
    this.#length -= 3 + length;
    return all.slice(3, 3 + length);
  }

  /** The first three bytes, from as few pieces as hold them. */
  #head(): number[] {
    const head: number[] = [];
    for (let i = 0; head.length < 3; i++) head.push(...(this.#pieces[i] as Uint8Array).subarray(0, 3 - head.length));
    return head;
  }
}
