import { equal, utf8 } from "./bytes.js";
import { isFragment } from "./did.js";
import { readDocument, type DidDocument } from "./document.js";
import { fromBase58, fromBase64url, hash } from "./encoding.js";
import { refuse } from "./errors.js";
import { parseJsonObject, type Json, type JsonObject } from "./json.js";

const PREFIX = "did:peer:";
const KEY = /^z[1-9A-HJ-NP-Za-km-z]+$/;
const PURPOSES: Readonly<Record<string, string>> = {
  A: "assertionMethod", D: "capabilityDelegation", E: "keyAgreement", I: "capabilityInvocation", V: "authentication",
};
const ABBREVIATIONS: Readonly<Record<string, string>> = { t: "type", s: "serviceEndpoint", r: "routingKeys", a: "accept" };

const malformed = (): never => refuse("did_peer_malformed");

/**
 * The document that a did:peer carries (8.5). Errors: `did_method_unsupported`, `did_peer_malformed`, `did_not_found` for a short
 * form, and those of steps 6 and 7 of section 9.6.
 */
export function peerDocument(did: string): DidDocument {
  const parts = did.slice(PREFIX.length + 1);
  switch (did[PREFIX.length]) {
    case "2": return readDocument(form2(did, parts));
    case "4": return readDocument(form4(did, parts));
    default: return refuse("did_method_unsupported");
  }
}

function form2(did: string, elements: string): JsonObject {
  const [before, ...parts] = elements.split(".");
  if (before !== "" || parts.length === 0) malformed();
  const methods: JsonObject[] = [];
  const services: Map<string, Json>[] = [];
  const under = new Map<string, Json[]>();
  for (const part of parts) {
    const [letter = "", rest] = [part[0], part.slice(1)];
    if (letter === "S") {
      services.push(service(rest));
      continue;
    }
    const relationship = (Object.hasOwn(PURPOSES, letter) ? PURPOSES[letter] : undefined) ?? malformed();
    if (!KEY.test(rest)) malformed();
    const id = `#key-${methods.length + 1}`;
    under.set(relationship, [...(under.get(relationship) ?? []), id]);
    methods.push(new Map([["id", id], ["type", "Multikey"], ["controller", did], ["publicKeyMultibase", rest]]));
  }
  let unnamed = 0;
  for (const one of services) {
    if (!one.has("id")) one.set("id", unnamed++ === 0 ? "#service" : `#service-${unnamed - 1}`);
    if (typeof one.get("id") !== "string") malformed();
  }
  checkIds(methods, services);
  return new Map<string, Json>([["id", did], ["verificationMethod", methods], ["service", services], ...under]);
}

function json(bytes: Uint8Array): JsonObject {
  try {
    return parseJsonObject(bytes);
  } catch {
    return malformed();
  }
}

function service(text: string): Map<string, Json> {
  return writtenOut(json(fromBase64url(text) ?? malformed()));
}

/** Abbreviations at every depth, which the reader has bounded. */
function writtenOut(members: JsonObject): Map<string, Json> {
  const all = new Map<string, Json>();
  for (const [short, value] of members) {
    const name = Object.hasOwn(ABBREVIATIONS, short) ? (ABBREVIATIONS[short] as string) : short;
    if (all.has(name)) malformed();
    all.set(name, name === "type" && value === "dm" ? "DIDCommMessaging" : valueOf(value));
  }
  return all;
}

function valueOf(value: Json): Json {
  if (Array.isArray(value)) return value.map(valueOf);
  return value instanceof Map ? writtenOut(value) : value;
}

function form4(did: string, parts: string): JsonObject {
  const at = parts.indexOf(":");
  const digest = decoded(at < 0 ? parts : parts.slice(0, at), [0x12, 0x20]);
  if (digest.length !== 32) malformed();
  if (at < 0) refuse("did_not_found");
  const encoded = parts.slice(at + 1);
  // first what costs little
  if (!equal(digest, hash(utf8(encoded)))) malformed();
  const document = new Map(json(decoded(encoded, [0x80, 0x04])));
  if (document.has("id")) malformed();
  const names = document.get("alsoKnownAs");
  if (names !== undefined && !Array.isArray(names)) malformed();
  const list = (name: string): readonly Json[] => {
    const value = document.get(name);
    return Array.isArray(value) ? value : [];
  };
  checkIds([...list("verificationMethod"), ...list("authentication")], list("service"));
  for (const name of ["verificationMethod", "authentication"]) {
    if (Array.isArray(document.get(name))) document.set(name, list(name).map((entry) => controlled(entry, did)));
  }
  return document.set("id", did);
}

/** The bytes of multibase base58btc after this prefix. */
function decoded(text: string, prefix: readonly number[]): Uint8Array {
  const bytes = (text.startsWith("z") ? fromBase58(text.slice(1), 2048) : undefined) ?? malformed();
  return prefix.every((byte, i) => bytes[i] === byte) ? bytes.slice(prefix.length) : malformed();
}

/** The DID controls a method that names nobody. */
function controlled(entry: Json, did: string): Json {
  return entry instanceof Map && !entry.has("controller") ? new Map([...entry, ["controller", did]]) : entry;
}

/** The rule for ids of 8.5. */
function checkIds(methods: readonly Json[], services: readonly Json[]): void {
  const ids = (entries: readonly Json[]): string[] =>
    entries.flatMap((entry) => (entry instanceof Map ? [entry.get("id")] : [])).filter((id): id is string => typeof id === "string");
  const seen = new Set(ids(methods));
  for (const id of [...seen, ...ids(services)]) {
    if (!id.startsWith("#") || !isFragment(id.slice(1))) malformed();
  }
  for (const id of ids(services)) {
    if (seen.has(id)) malformed();
    seen.add(id);
  }
}
