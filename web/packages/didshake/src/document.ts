import { refuse } from "./errors.js";
import { isDidUrl, isFragment } from "./did.js";
import { fromBase58 } from "./encoding.js";
import { JsonFault, MAX_DEPTH, parseJsonObject, type Json, type JsonObject } from "./json.js";
import { jwkKey, multibaseKey } from "./keys.js";
import { ED25519, type PublicKey } from "./signatures.js";
import { parseTime } from "./times.js";

/** Longest document in bytes (section 13). */
export const MAX_DOCUMENT = 65536;
const MAX_ENTRIES = 64;
const KEY_MEMBERS = [
  "publicKeyMultibase", "publicKeyBase58", "publicKeyJwk", "publicKeyHex", "publicKeyPem", "publicKeyBase64",
  "blockchainAccountId", "ethereumAddress",
] as const;

const isObject = (value: Json | undefined): value is JsonObject => value instanceof Map;

/** A DID document that has passed steps 4 to 7 of section 9.6. */
export interface DidDocument {
  readonly id: string;
  readonly methods: readonly JsonObject[];
  readonly authentication: readonly (string | JsonObject)[];
  readonly services: readonly JsonObject[];
}

/** Steps 4 to 7 of section 9.6. Errors: `document_limits`, `document_json`, `document_shape`. */
export function parseDocument(bytes: Uint8Array): DidDocument {
  if (bytes.length > MAX_DOCUMENT) refuse("document_limits");
  let root: JsonObject;
  try {
    root = parseJsonObject(bytes);
  } catch (fault) {
    return refuse(fault instanceof JsonFault && fault.kind === "depth" ? "document_limits" : "document_json");
  }
  return readDocument(root);
}

/** Steps 6 and 7 of section 9.6. Errors: `document_limits`, `document_shape`. */
export function readDocument(root: JsonObject): DidDocument {
  if (depthOf(root) > MAX_DEPTH) refuse("document_limits");
  for (const name of ["verificationMethod", "authentication", "service"]) {
    const list = root.get(name);
    if (Array.isArray(list) && list.length > MAX_ENTRIES) refuse("document_limits");
  }
  return shapeOf(root);
}

function depthOf(value: Json): number {
  const inside = value instanceof Map ? [...value.values()] : Array.isArray(value) ? value : undefined;
  return inside === undefined ? 0 : inside.reduce<number>((deepest, one) => Math.max(deepest, depthOf(one)), 0) + 1;
}

/** The shape of section 9.2. */
function shapeOf(root: JsonObject): DidDocument {
  const id = root.get("id");
  if (typeof id !== "string") refuse("document_shape");
  const authentication: (string | JsonObject)[] = [];
  for (const entry of listOf(root, "authentication")) {
    if (typeof entry === "string") {
      if (!isMethodId(entry)) refuse("document_shape");
      authentication.push(entry);
    } else {
      authentication.push(methodOf(entry));
    }
  }
  const services = listOf(root, "service").map((entry) => (isObject(entry) ? entry : refuse("document_shape")));
  return { id, methods: listOf(root, "verificationMethod").map(methodOf), authentication, services };
}

function listOf(root: JsonObject, name: string): readonly Json[] {
  const list = root.get(name);
  if (list === undefined) return [];
  return Array.isArray(list) ? list : refuse("document_shape");
}

function methodOf(entry: Json): JsonObject {
  if (!isObject(entry)) refuse("document_shape");
  const [id, type, controller] = [entry.get("id"), entry.get("type"), entry.get("controller")];
  if (typeof id !== "string" || typeof type !== "string" || typeof controller !== "string") refuse("document_shape");
  if (!isMethodId(id)) refuse("document_shape");
  return entry;
}

/** A DID URL, or `#` followed by a fragment. */
function isMethodId(text: string): boolean {
  return text.startsWith("#") ? isFragment(text.slice(1)) : isDidUrl(text);
}

/** The absolute id of a method or a reference (9.3). */
function absolute(document: DidDocument, id: Json | undefined): string {
  return String(id).startsWith("#") ? document.id + String(id) : String(id);
}

/** Steps 8 and 9 of section 9.6: the methods by their absolute ids. */
export function methodsById(document: DidDocument, did: string): ReadonlyMap<string, JsonObject> {
  const methods = [...document.methods, ...document.authentication.filter(isObject)];
  const byId = new Map(methods.map((method) => [absolute(document, method.get("id")), method]));
  if (byId.size !== methods.length) refuse("document_duplicate_id");
  if (document.id !== did) refuse("document_id_mismatch");
  return byId;
}

/**
 * The key of the named method: steps 8 to 17 of section 9.6.
 * @param now Unix seconds
 * @throws DidshakeError with the code of the step that fails
 */
export function methodKey(document: DidDocument, did: string, fragment: string, deactivated: boolean, now: number): PublicKey {
  const methods = methodsById(document, did);
  if (deactivated) refuse("did_deactivated");
  const wanted = `${did}#${fragment}`;
  const method = methods.get(wanted) ?? refuse("method_absent");
  const authenticates = document.authentication.some(
    (entry) => entry === method || (typeof entry === "string" && absolute(document, entry) === wanted),
  );
  if (!authenticates) refuse("method_not_authentication");
  if (method.get("controller") !== did) refuse("method_controller");
  checkTimes(method, now);
  return keyOf(method) ?? refuse("method_key_form");
}

/** Steps 14 to 16. */
function checkTimes(method: JsonObject, now: number): void {
  const time = (name: string): number => {
    const value = method.get(name);
    if (value === undefined) return Number.POSITIVE_INFINITY;
    return (typeof value === "string" ? parseTime(value) : undefined) ?? refuse("method_time");
  };
  const [revoked, expires] = [time("revoked"), time("expires")];
  if (now >= revoked) refuse("method_revoked");
  if (now >= expires) refuse("method_expired");
}

/** Step 17: the key forms of section 9.5. */
function keyOf(method: JsonObject): PublicKey | undefined {
  const members = KEY_MEMBERS.filter((name) => method.has(name));
  const name = members[0];
  if (name === undefined || members.length > 1) return undefined;
  const value = method.get(name);
  const text = typeof value === "string" ? value : "";
  switch (`${String(method.get("type"))} ${name}`) {
    case "Multikey publicKeyMultibase":
      return multibaseKey(text);
    case "Ed25519VerificationKey2020 publicKeyMultibase": {
      const key = multibaseKey(text);
      return key?.algorithm === ED25519 ? key : undefined;
    }
    case "Ed25519VerificationKey2018 publicKeyBase58": {
      const bytes = fromBase58(text);
      return bytes?.length === 32 ? { algorithm: ED25519, bytes } : undefined;
    }
    case "JsonWebKey publicKeyJwk":
    case "JsonWebKey2020 publicKeyJwk":
      return isObject(value) ? jwkKey(value) : undefined;
    default:
      return undefined;
  }
}
