import { concat, Reader, u16, u8, vec16 } from "./bytes.js";
import { callerFault, refuse, type FaultCode } from "./errors.js";

/** An extension (3.7). */
export interface Extension {
  /** 0 to 65,535; a list ascends strictly. */
  readonly id: number;
  /** A critical extension that the peer does not know ends the attempt. */
  readonly critical: boolean;
  readonly body: Uint8Array;
}

/** `recipient` (14.5). */
export const RECIPIENT = 1;

/** The fault codes of a list by its place (3.7). */
export interface ListFaults {
  readonly truncated: FaultCode;
  readonly order: FaultCode;
  readonly critical: FaultCode;
}

/** The codes inside an Identity. */
export const IDENTITY_LIST: ListFaults = {
  truncated: "identity_extensions", order: "identity_extensions", critical: "identity_extensions",
};
/** The codes inside Accept. */
export const ACCEPT_LIST: ListFaults = {
  truncated: "accept_malformed", order: "accept_malformed", critical: "accept_malformed",
};
/** The codes in Hello. */
export const HELLO_LIST: ListFaults = {
  truncated: "message_truncated", order: "extension_order", critical: "extension_critical_byte",
};

/** Encodes a list without its length. Errors: `caller` if its ids do not ascend. */
export function encodeExtensions(list: readonly Extension[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let last = -1;
  for (const { id, critical, body } of list) {
    if (!Number.isInteger(id) || id <= last || id > 0xffff) callerFault("extension ids ascend strictly");
    parts.push(u16(id), u8(critical ? 1 : 0), vec16(body));
    last = id;
  }
  return concat(...parts);
}

/** Decodes a list; the checks come in the order of its fields, `each` after the body of every entry. */
export function decodeExtensions(bytes: Uint8Array, faults: ListFaults, each?: (entry: Extension) => void): Extension[] {
  const reader = new Reader(bytes, faults.truncated);
  const list: Extension[] = [];
  let last = -1;
  while (reader.remaining > 0) {
    const id = reader.u16();
    if (id <= last) refuse(faults.order);
    const critical = reader.u8();
    if (critical > 1) refuse(faults.critical);
    const entry = { id, critical: critical === 1, body: reader.vec16() };
    each?.(entry);
    list.push(entry);
    last = id;
  }
  return list;
}
