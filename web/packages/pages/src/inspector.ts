import { toHex } from "../../didshake/src/bytes.js";
import { ACCEPT, ALERT, decodeHello, decodeReply, decodeSealed, FINISH, HELLO, REPLY, RETRY } from "../../didshake/src/messages.js";
import { el, type Child } from "./dom.js";
import type { WireMessage } from "./wire.js";

const NAMES: Readonly<Record<number, string>> = {
  [HELLO]: "Hello", [RETRY]: "Retry", [REPLY]: "Reply", [FINISH]: "Finish", [ACCEPT]: "Accept", [ALERT]: "Alert",
};

/** A message in its parts: what can be read by anyone on the way, and how many bytes at its end are sealed. */
export interface Parts {
  readonly name: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly sealed: number;
}

/** Reads a message as far as it can be read without keys; one that is malformed has no fields. */
export function partsOf(bytes: Uint8Array): Parts {
  const name = NAMES[bytes[0] ?? -1] ?? "Unknown message";
  try {
    return { name, ...read(bytes) };
  } catch {
    return { name, fields: [], sealed: 0 };
  }
}

function read(bytes: Uint8Array): Pick<Parts, "fields" | "sealed"> {
  switch (bytes[0]) {
    case HELLO: return { fields: helloFields(bytes), sealed: 0 };
    case REPLY: {
      const { suite, keyShare, nonce, sealed } = decodeReply(bytes);
      const fields = [["suite", suiteName(suite)], ["key share", toHex(keyShare)], ["nonce", toHex(nonce)]] as const;
      return { fields, sealed: sealed.length };
    }
    case FINISH: return { fields: [], sealed: decodeSealed(bytes, FINISH).length };
    case ACCEPT: return { fields: [], sealed: decodeSealed(bytes, ACCEPT).length };
    case ALERT: return { fields: [["code", String(bytes[1])]], sealed: 0 };
    default: return { fields: [], sealed: 0 };
  }
}

function helloFields(bytes: Uint8Array): [string, string][] {
  const { suites, keyShare, nonce, applicationProtocol } = decodeHello(bytes);
  return [
    ["version", "1"], ["suites offered", suites.map(suiteName).join(", ")], ["key share", toHex(keyShare)], ["nonce", toHex(nonce)],
    ["application", new TextDecoder().decode(applicationProtocol)],
  ];
}

function suiteName(suite: number): string {
  const names: Readonly<Record<number, string>> = { 1: "ChaCha20-Poly1305", 2: "AES-256-GCM" };
  return `${suite} (${names[suite] ?? "unknown"})`;
}

const SEALED: Readonly<Record<number, string>> = {
  [REPLY]: "The service's DID and its signature: only your browser can open it.",
  [FINISH]: "Your DID and your signature: only the service, already proven, can open it.",
  [ACCEPT]: "How long the session may last: the service agrees on who both sides are.",
};

/** A message of the wire to look at: its fields, and its bytes, with the sealed ones marked. */
export function inspector({ from, bytes }: WireMessage): HTMLElement {
  const { name, fields, sealed } = partsOf(bytes);
  const rows: [string, Child][] = fields.map(([label, value]) => [label, el("code", {}, value)]);
  if (sealed > 0) rows.push(["sealed", `${sealed} bytes. ${SEALED[bytes[0] ?? 0] ?? ""}`]);
  const sender = from === "browser" ? "sent by your browser" : "sent by the service";
  const open = bytes.subarray(0, bytes.length - sealed);
  return el("details", { class: "inspector" },
    el("summary", {}, `${name}, ${bytes.length} bytes, ${sender}`),
    el("dl", {}, ...rows.flatMap(([label, value]) => [el("dt", {}, label), el("dd", {}, value)])),
    el("p", { class: "hex" }, spaced(open), sealed > 0 && " ", sealed > 0 && el("span", { class: "sealed" }, spaced(bytes.subarray(open.length)))));
}

/** Hexadecimal in groups of four bytes. */
export function spaced(bytes: Uint8Array): string {
  return (toHex(bytes).match(/.{1,8}/g) ?? []).join(" ");
}
