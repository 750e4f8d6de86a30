import { didMethod, isDid } from "../did.js";
import { JsonFault, parseJson, type Json, type JsonObject } from "../json.js";
import { parseTime } from "../times.js";
import { reject } from "./fault.js";
import { isHashText } from "./hashes.js";

/** An entry of a log by its shape: what its members mean has not been looked at. */
export interface Entry {
  readonly versionId: string;
  readonly versionTime: string;
  readonly parameters: JsonObject;
  readonly state: JsonObject;
  readonly proofs: readonly Json[];
  /** The entry as it was received, without `proof`. */
  readonly body: JsonObject;
}

/** An instant: Unix seconds, and the billionths of a second after it. */
export interface Instant { readonly seconds: number; readonly billionths: number }

const MEMBERS = ["versionId", "versionTime", "parameters", "state", "proof"];
/** The state in an entry is one deeper than a document (9.6). */
const MAX_DEPTH = 17;
const AHEAD = 300;

/** The JSON of a line; `isCut` says that no LF ends it. */
export function valueOf(line: Uint8Array, isCut: boolean): Json {
  try {
    return parseJson(line, MAX_DEPTH);
  } catch (fault) {
    if (fault instanceof JsonFault && fault.kind === "depth") reject("too_deep");
    return reject(isCut ? "truncated" : "json");
  }
}

/** The five members, each of its type. */
export function entryOf(value: Json): Entry {
  if (!(value instanceof Map) || value.size !== MEMBERS.length || !MEMBERS.every((name) => value.has(name))) reject("shape");
  const [versionId, versionTime, parameters, state, proof] = MEMBERS.map((name) => value.get(name) as Json);
  if (typeof versionId !== "string" || typeof versionTime !== "string") reject("shape");
  if (!(parameters instanceof Map) || !(state instanceof Map)) reject("shape");
  if (!(proof instanceof Map) && !Array.isArray(proof)) reject("shape");
  const body = new Map([...value].filter(([name]) => name !== "proof"));
  return { versionId, versionTime, parameters, state, proofs: Array.isArray(proof) ? proof : [proof as Json], body };
}

/** True if every number in it is an integer of at most 53 bits. */
export function hasOnlyIntegers(value: Json): boolean {
  if (typeof value === "number") return Number.isSafeInteger(value);
  if (value instanceof Map) return [...value.values()].every(hasOnlyIntegers);
  return !Array.isArray(value) || value.every(hasOnlyIntegers);
}

/** The hash in the `versionId` of the entry that is due. */
export function versionHash({ versionId }: Entry, due: number): string {
  const [, number, text = ""] = /^(0|[1-9][0-9]*)-(.*)$/s.exec(versionId) ?? [];
  if (number === undefined || !isHashText(text)) reject("version_id");
  if (number !== String(due)) reject("version_number");
  return text;
}

/** The time of an entry, which is in UTC and at most 300 s after now. */
export function instantOf({ versionTime }: Entry, now: number): Instant {
  const [, fraction = ""] = /^.{19}(?:\.(\d+))?(?:Z|[+-]00:00)$/.exec(versionTime) ?? reject("version_time");
  const seconds = parseTime(versionTime) ?? reject("version_time");
  if (seconds > now + AHEAD) reject("time_future");
  return { seconds, billionths: Number(fraction.padEnd(9, "0")) };
}

/** True if the first comes after the second. */
export function isLater(a: Instant, b: Instant): boolean {
  return a.seconds > b.seconds || (a.seconds === b.seconds && a.billionths > b.billionths);
}

/** The DID of the method webvh that a state is of. */
export function stateDid({ state }: Entry): string {
  const id = state.get("id");
  return typeof id === "string" && isDid(id) && didMethod(id) === "webvh" ? id : reject("state_id");
}

/** What stands behind `did:webvh:` up to the next colon. */
export function scidOf(did: string): string {
  return did.split(":")[2] ?? "";
}

/** A copy in which one text stands wherever another stood, inside texts and names; undefined if two names become one. */
export function replaced(value: Json, from: string, to: string): Json | undefined {
  if (typeof value === "string") return value.replaceAll(from, () => to);
  if (Array.isArray(value)) {
    const entries = value.map((one) => replaced(one, from, to));
    return entries.every((one) => one !== undefined) ? entries : undefined;
  }
  if (!(value instanceof Map)) return value;
  const members = new Map<string, Json>();
  for (const [name, inner] of value as JsonObject) {
    const other = replaced(inner, from, to);
    if (other === undefined) return undefined;
    members.set(name.replaceAll(from, () => to), other);
  }
  return members.size === value.size ? members : undefined;
}
