import { utf8 } from "../bytes.js";
import type { Json, JsonObject } from "../json.js";
import { reject } from "./fault.js";
import { ed25519Key } from "./proof.js";

/** The witnesses of a log, by their multikeys, and how many of them have to approve. */
export interface Witnesses { readonly threshold: number; readonly keys: ReadonlySet<string> }

/** The parameters in force after an entry. */
export interface Parameters {
  readonly updateKeys: readonly string[];
  readonly nextKeyHashes: readonly string[];
  readonly witnesses: Witnesses | undefined;
  readonly portable: boolean;
  readonly deactivated: boolean;
  readonly ttl: number;
}

/** What is in force before the first entry. */
export const AT_START: Parameters = {
  updateKeys: [], nextKeyHashes: [], witnesses: undefined, portable: false, deactivated: false, ttl: 3600,
};

const KNOWN = ["method", "scid", "updateKeys", "nextKeyHashes", "watchers", "portable", "deactivated", "ttl", "witness"];
const MAX_LIST = 32;
const MAX_TEXT = 2048;
const MAX_TTL = 2 ** 31;

/** What is in force after an entry that sets these. */
export function changed(before: Parameters, set: JsonObject, isFirst: boolean): Parameters {
  if (![...set.keys()].every((name) => KNOWN.includes(name))) reject("unknown_parameter");
  if ((isFirst || set.has("method")) && set.get("method") !== "did:webvh:1.0") reject("method_version");
  if (isFirst ? typeof set.get("scid") !== "string" : set.has("scid")) reject("parameter");
  if (isFirst && !set.has("updateKeys")) reject("parameter");
  read(set, "watchers", texts, undefined);
  const after: Parameters = {
    updateKeys: read(set, "updateKeys", texts, before.updateKeys),
    nextKeyHashes: read(set, "nextKeyHashes", texts, before.nextKeyHashes),
    witnesses: read(set, "witness", witnesses, before.witnesses),
    portable: read(set, "portable", truth, before.portable),
    deactivated: read(set, "deactivated", truth, before.deactivated),
    ttl: read(set, "ttl", seconds, before.ttl),
  };
  if (!isFirst && set.get("portable") === true) reject("portable_late");
  return after;
}

function read<T>(set: JsonObject, name: string, as: (value: Json) => T, otherwise: T): T {
  const value = set.get(name);
  return value === undefined ? otherwise : as(value);
}

function texts(value: Json): string[] {
  if (!Array.isArray(value) || value.length > MAX_LIST) reject("parameter");
  return value.map((one) => (typeof one === "string" && utf8(one).length <= MAX_TEXT ? one : reject("parameter")));
}

function truth(value: Json): boolean {
  return typeof value === "boolean" ? value : reject("parameter");
}

function seconds(value: Json): number {
  return typeof value === "number" && value >= 0 && value <= MAX_TTL ? value : reject("parameter");
}

function witnesses(value: Json): Witnesses | undefined {
  if (!(value instanceof Map)) reject("parameter");
  if (value.size === 0) return undefined;
  const [threshold, list] = [value.get("threshold"), value.get("witnesses")];
  if (value.size !== 2 || typeof threshold !== "number" || !Array.isArray(list) || list.length > MAX_LIST) reject("parameter");
  const keys = new Set(list.map(witnessKey));
  if (keys.size !== list.length || threshold < 1 || threshold > list.length) reject("parameter");
  return { threshold, keys };
}

function witnessKey(value: Json): string {
  const id = value instanceof Map && value.size === 1 ? value.get("id") : undefined;
  const key = typeof id === "string" && id.startsWith("did:key:") ? id.slice("did:key:".length) : "";
  return ed25519Key(key) === undefined ? reject("parameter") : key;
}
