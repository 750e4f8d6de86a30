import { utf8 } from "../bytes.js";
import type { Json } from "../json.js";

/** JCS (RFC 8785) of a value whose numbers are integers of at most 53 bits. */
export function canonical(value: Json): Uint8Array {
  return utf8(written(value));
}

function written(value: Json): string {
  if (value instanceof Map) {
    // sorted by UTF-16 code units, as the order of texts is here
    const names = [...value.keys()].sort();
    return `{${names.map((name) => `${JSON.stringify(name)}:${written(value.get(name) as Json)}`).join()}}`;
  }
  if (Array.isArray(value)) return `[${value.map(written).join()}]`;
  // texts and numbers are written as ECMAScript writes them
  return JSON.stringify(value);
}
