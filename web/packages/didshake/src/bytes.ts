import { callerFault, refuse, type CardFaultCode, type FaultCode, type MailboxFaultCode } from "./errors.js";

const encoder = new TextEncoder();

/** The UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The characters of bytes that are taken one by one (ISO 8859-1): for syntax checks of what has to be ASCII. */
export function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** Concatenation. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** `u8 value`. */
export function u8(value: number): Uint8Array {
  return Uint8Array.of(value);
}

/** `u16 value`, big-endian. */
export function u16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value & 0xff);
}

/** `u32 value`, big-endian. */
export function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

/** `vec8<bytes>`. */
export function vec8(bytes: Uint8Array): Uint8Array {
  if (bytes.length > 0xff) callerFault("a field of more than 255 bytes");
  return concat(u8(bytes.length), bytes);
}

/** `vec16<bytes>`. */
export function vec16(bytes: Uint8Array): Uint8Array {
  if (bytes.length > 0xffff) callerFault("a field of more than 65,535 bytes");
  return concat(u16(bytes.length), bytes);
}

/** True if both have the same bytes; for public values. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return equalSecret(a, b);
}

/** True if both have the same bytes; the time depends on the lengths only. */
export function equalSecret(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
}

/** Overwrites secrets with zeros, as far as JavaScript lets one: copies that the engine made stay. */
export function wipe(...secrets: readonly (Uint8Array | undefined)[]): void {
  for (const secret of secrets) secret?.fill(0);
}

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** Bytes from hexadecimal. Errors: `caller` if it is none. */
export function fromHex(text: string): Uint8Array {
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text)) callerFault("not hexadecimal");
  const out = new Uint8Array(text.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return out;
}

/** Checks that an argument is a Uint8Array and copies it, so that nobody changes it meanwhile; no more than is looked at. */
export function copyBytes(value: Uint8Array, what: string, limit: number): Uint8Array {
  if (!(value instanceof Uint8Array)) callerFault(`${what} is not a Uint8Array`);
  return new Uint8Array(value.subarray(0, limit + 1));
}

/** Reads fields one after the other; one that runs past the end is refused with the code of its place. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #fault: FaultCode | MailboxFaultCode | CardFaultCode;
  #at = 0;

  constructor(bytes: Uint8Array, fault: FaultCode | MailboxFaultCode | CardFaultCode) {
    this.#bytes = bytes;
    this.#fault = fault;
  }

  /** The number of bytes read so far. */
  get position(): number {
    return this.#at;
  }

  /** The number of bytes left. */
  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  take(length: number): Uint8Array {
    if (length > this.remaining) refuse(this.#fault);
    const out = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return out;
  }

  u8(): number {
    return this.take(1)[0] as number;
  }

  u16(): number {
    return this.u8() * 0x100 + this.u8();
  }

  u32(): number {
    return this.u16() * 0x10000 + this.u16();
  }

  vec8(): Uint8Array {
    return this.take(this.u8());
  }

  vec16(): Uint8Array {
    return this.take(this.u16());
  }

  /** What is left. */
  rest(): Uint8Array {
    return this.take(this.remaining);
  }
}
