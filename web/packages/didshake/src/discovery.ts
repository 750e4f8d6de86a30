import { WEBSOCKET, HTTP } from "./config.js";
import { isDid } from "./did.js";
import type { DidDocument } from "./document.js";
import { callerFault } from "./errors.js";
import { isRedirect, mediaType, QUIET, readBody, transportFailure, type Fetch } from "./fetching.js";
import { parseJsonObject, type Json, type JsonObject } from "./json.js";
import { isLoopback, originOf } from "./origin.js";

/** Longest `/.well-known/didshake` in bytes (section 13). */
const MAX_CLAIM = 65536;

/** An endpoint of section 15.5. */
export interface Endpoint {
  /** Byte for byte as it was written. */
  readonly url: string;
  readonly origin: string;
  readonly binding: typeof HTTP | typeof WEBSOCKET;
}

/** What `/.well-known/didshake` says: all of it a claim that nobody has verified (R-BIND-16). */
export interface Claim {
  readonly did: string;
  readonly endpoint: Endpoint;
  readonly versions: readonly number[];
  readonly suites: readonly number[];
}

/** An endpoint that version 1 uses: https and wss, http and ws only for loopback addresses written as such. */
export function endpointOf(url: string): Endpoint | undefined {
  const place = originOf(url);
  if (place === undefined) return undefined;
  const { origin, binding } = place;
  return origin.startsWith("https:") || isLoopback(origin) ? { url, origin, binding } : undefined;
}

function texts(value: Json | undefined): string[] {
  const list = Array.isArray(value) ? value : [value];
  return list.filter((entry): entry is string => typeof entry === "string");
}

/** The endpoints of a DID document, in the holder's order of preference; what version 1 does not use is left out. */
export function endpointsOf(document: DidDocument): Endpoint[] {
  const entries = document.services.filter((service) => texts(service.get("type")).includes("DIDShake"));
  return entries
    .flatMap((service) => texts(service.get("serviceEndpoint")))
    .map(endpointOf)
    .filter((endpoint) => endpoint !== undefined);
}

/** True if the document links itself to this origin: then, and by a pin or the user's word, its DID may be meant. */
export function linksDomain(document: DidDocument, origin: string): boolean {
  return document.services
    .filter((service) => texts(service.get("type")).includes("LinkedDomains"))
    .flatMap((service) => linked(service.get("serviceEndpoint")))
    .some((text) => text === origin || text === `${origin}/`);
}

function linked(endpoint: Json | undefined): string[] {
  return endpoint instanceof Map ? texts(endpoint.get("origins") as Json | undefined) : texts(endpoint);
}

/** True if an endpoint found through an origin may be used: it lies on that origin or is listed in the document. */
export function mayUse(endpoint: Endpoint, origin: string, document?: DidDocument): boolean {
  if (endpoint.origin === origin) return true;
  return document !== undefined && endpointsOf(document).some(({ url }) => url === endpoint.url);
}

function integers(value: Json | undefined): number[] | undefined {
  if (value === undefined) return [];
  const list = Array.isArray(value) ? value : undefined;
  return list?.every((entry): entry is number => Number.isInteger(entry)) ? (list as number[]) : undefined;
}

/** Reads a claim, or undefined if it is none. `versions` and `suites` may be absent; they choose nothing. */
export function readClaim(bytes: Uint8Array): Claim | undefined {
  if (bytes.length > MAX_CLAIM) return undefined;
  let root: JsonObject;
  try {
    root = parseJsonObject(bytes);
  } catch {
    return undefined;
  }
  const [did, url] = [root.get("did"), root.get("endpoint")];
  const [versions, suites] = [integers(root.get("versions")), integers(root.get("suites"))];
  if (typeof did !== "string" || !isDid(did) || typeof url !== "string") return undefined;
  const endpoint = endpointOf(url);
  return endpoint && versions && suites && { did, endpoint, versions, suites };
}

/**
 * Fetches the claim of an origin, without following redirects.
 * @param origin an https origin, or an http origin of a loopback address
 * @returns undefined if the origin publishes none that can be used
 * @throws DidshakeError `caller` for another origin, `transport` if there is no answer
 */
export async function fetchClaim(origin: string, fetch: Fetch, signal?: AbortSignal): Promise<Claim | undefined> {
  const place = endpointOf(origin);
  if (place === undefined || place.origin !== origin || place.binding !== HTTP) callerFault("not an origin that publishes");
  const init: RequestInit = { ...QUIET, method: "GET", headers: { Accept: "application/json" } };
  if (signal !== undefined) init.signal = signal;
  try {
    const response = await fetch(`${origin}/.well-known/didshake`, init);
    if (isRedirect(response) || response.status !== 200 || mediaType(response) !== "application/json") return undefined;
    const body = await readBody(response, MAX_CLAIM);
    return body && readClaim(body);
  } catch {
    throw transportFailure("no answer");
  }
}
