import { concat, Reader, u16, u8, vec16, vec8 } from "./bytes.js";
import { ALERTS, callerFault, refuse } from "./errors.js";
import { decodeExtensions, encodeExtensions, HELLO_LIST, RECIPIENT, type Extension } from "./extensions.js";

/** Message types (14.1). */
export const HELLO = 1;
export const REPLY = 2;
export const FINISH = 3;
export const ACCEPT = 4;
export const RETRY = 5;
export const ALERT = 15;
export const RECORD = 16;

/** Longest Hello in bytes (section 13). */
export const MAX_HELLO = 4096;
/** Longest other message of the handshake in bytes (section 13). */
export const MAX_MESSAGE = 65535;

/** Length of a nonce in bytes. */
export const NONCE = 32;

/** A decoded Hello. */
export interface Hello {
  readonly suites: readonly number[];
  readonly group: number;
  readonly keyShare: Uint8Array;
  readonly nonce: Uint8Array;
  readonly applicationProtocol: Uint8Array;
  readonly extensions: readonly Extension[];
}

/** A decoded Reply. */
export interface Reply {
  readonly suite: number;
  readonly keyShare: Uint8Array;
  readonly nonce: Uint8Array;
  readonly sealed: Uint8Array;
  readonly head: Uint8Array;
}

/** A clear Alert. */
export function encodeAlert(code: number): Uint8Array {
  return Uint8Array.of(ALERT, code);
}

/** Length, emptiness and type of a message, in this order; an Alert is waited for in every state (3.9). */
export function checkType(message: Uint8Array, limit: number, ...waitedFor: number[]): number {
  if (message.length > limit) refuse("message_too_long");
  const type = message[0];
  if (type === undefined) refuse("message_truncated");
  if (type === ALERT) refuse(message.length === 2 && ALERTS.has(message[1] as number) ? "peer_alert" : "malformed_alert");
  if (!waitedFor.includes(type)) refuse("unexpected_message");
  return type;
}

/** A reader of the fields behind the type byte. */
function fields(message: Uint8Array): Reader {
  const reader = new Reader(message, "message_truncated");
  reader.u8();
  return reader;
}

function end(reader: Reader): void {
  if (reader.remaining > 0) refuse("trailing_bytes");
}

export function encodeHello(hello: Hello): Uint8Array {
  if (hello.suites.length < 1 || hello.suites.length > 127) callerFault("a Hello lists 1 to 127 suites");
  return concat(
    u8(HELLO), u8(1), vec8(concat(...hello.suites.map(u16))), u16(hello.group), vec16(hello.keyShare), hello.nonce,
    vec8(hello.applicationProtocol), vec16(encodeExtensions(hello.extensions)),
  );
}

/** Steps 1 to 12 of section 10.1. */
export function decodeHello(message: Uint8Array): Hello {
  checkType(message, MAX_HELLO, HELLO);
  const reader = fields(message);
  if (reader.u8() !== 1) refuse("unsupported_version");
  const list = reader.vec8();
  if (list.length === 0 || list.length % 2 !== 0) refuse("suite_list_malformed");
  const suites: number[] = [];
  for (let i = 0; i < list.length; i += 2) suites.push((list[i] as number) * 256 + (list[i + 1] as number));
  const group = reader.u16();
  const keyShare = reader.vec16();
  const nonce = reader.take(NONCE);
  const applicationProtocol = reader.vec8();
  if (applicationProtocol.length === 0) refuse("application_protocol_empty");
  const extensions = decodeExtensions(reader.vec16(), HELLO_LIST, ({ id, body }) => {
    if (id === RECIPIENT && body.length !== 16) refuse("recipient_malformed");
  });
  end(reader);
  return { suites, group, keyShare, nonce, applicationProtocol, extensions };
}

export function encodeRetry(suite: number): Uint8Array {
  return concat(u8(RETRY), u16(suite));
}

/** The suite that a Retry names; its type has been checked. */
export function decodeRetry(message: Uint8Array): number {
  const reader = fields(message);
  const suite = reader.u16();
  end(reader);
  return suite;
}

/** The head of a Reply: everything before the length of its sealed part. */
export function encodeReplyHead(suite: number, keyShare: Uint8Array, nonce: Uint8Array): Uint8Array {
  return concat(u8(REPLY), u16(suite), vec16(keyShare), nonce);
}

/** The fields of a Reply; its type has been checked. */
export function decodeReply(message: Uint8Array): Reply {
  const reader = fields(message);
  const suite = reader.u16();
  const keyShare = reader.vec16();
  const nonce = reader.take(NONCE);
  const head = message.subarray(0, reader.position);
  const sealed = reader.vec16();
  end(reader);
  return { suite, keyShare, nonce, sealed, head };
}

/** A Finish or an Accept. */
export function encodeSealed(type: number, sealed: Uint8Array): Uint8Array {
  return concat(u8(type), vec16(sealed));
}

/** The sealed part of a Finish or an Accept: all checks of its message. */
export function decodeSealed(message: Uint8Array, type: number): Uint8Array {
  checkType(message, MAX_MESSAGE, type);
  const reader = fields(message);
  const sealed = reader.vec16();
  end(reader);
  return sealed;
}
