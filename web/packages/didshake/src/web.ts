import { MAX_DOCUMENT } from "./document.js";
import { isRedirect, mediaType, QUIET, readBody, type Fetch } from "./fetching.js";
import type { Resolution, Resolver } from "./resolver.js";

const LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
const SPECIAL = new Set(["alt", "arpa", "internal", "invalid", "local", "localhost", "onion"]);
// what may be percent-encoded in a segment, apart from characters outside ASCII
const ENCODED = /^[~!$&'()*+,=:@ ]$/;
const TYPES = new Set(["application/did+json", "application/did+ld+json", "application/json"]);

/** What the operator opens for did:web. */
export interface DidWebOptions {
  readonly fetch: Fetch;
  /** Hosts with their ports that are asked in plain HTTP, such as `127.0.0.1:8400`; for tests and closed networks. */
  readonly plainHttp?: readonly string[];
  /** Milliseconds for one document; 5,000 unless given. */
  readonly timeout?: number;
}

/** The URL of the document of a did:web, or undefined if two readers could read the DID differently. */
export function didWebUrl(did: string, plainHttp: readonly string[] = []): string | undefined {
  return urlAt(did.slice("did:web:".length), "did.json", plainHttp);
}

/** @internal The URL of a file at the place that `HOST[%3APORT][:SEGMENT…]` of a DID names, or undefined. */
export function urlAt(place: string, file: string, plainHttp: readonly string[]): string | undefined {
  const [authority = "", ...segments] = place.split(":");
  const [host = "", port, ...more] = authority.split(/%3A/i);
  if (more.length > 0 || (port !== undefined && !isPort(port))) return undefined;
  const at = (port === undefined ? host : `${host}:${port}`).toLowerCase();
  const listed = plainHttp.includes(at);
  if ((!listed && !isPublicName(host)) || !segments.every(isSegment)) return undefined;
  const path = segments.join("/") || ".well-known";
  const shown = !listed && port === "443" ? host.toLowerCase() : at;
  const url = `${listed ? "http" : "https"}://${shown}/${path}/${file}`;
  return writtenLikeThat(url) ? url : undefined;
}

/** The platform's own parser must not read another URL than was meant. */
function writtenLikeThat(url: string): boolean {
  try {
    return new URL(url).href === url;
  } catch {
    return false;
  }
}

function isPort(text: string): boolean {
  return /^[1-9][0-9]{0,4}$/.test(text) && Number(text) <= 65535;
}

/** A domain name with a dot that is none of a local network, and no IP address in any notation. */
function isPublicName(host: string): boolean {
  const labels = host.toLowerCase().split(".");
  const last = labels.at(-1) ?? "";
  if (host.length > 253 || labels.length < 2 || !labels.every((label) => LABEL.test(label))) return false;
  return !SPECIAL.has(last) && !/^(?:[0-9]+|0x[0-9a-f]*)$/.test(last);
}

/** A path segment that means the same to everyone. */
function isSegment(segment: string): boolean {
  if (segment === "" || segment === "." || segment === "..") return false;
  for (const [run] of segment.matchAll(/(?:%[0-9A-Fa-f]{2})+/g)) {
    let text: string;
    try {
      text = decodeURIComponent(run);
    } catch {
      return false;
    }
    if ([...text].some((one) => (one < "\u00a0" ? !ENCODED.test(one) : false))) return false;
  }
  return true;
}

/**
 * Resolves did:web with one GET. It rests on DNS and on whatever `fetch` trusts, and shows the DID to its host. In a browser
 * the host has to allow the request (CORS), and addresses cannot be checked: a service that resolves needs more than this.
 */
export class DidWebResolver implements Resolver {
  readonly methods = ["web"];
  readonly #options: DidWebOptions;

  /** It asks through the `fetch` of the options and through nothing else. */
  constructor(options: DidWebOptions) {
    this.#options = options;
  }

  /** One fetch, never cached; every failure is a {@link Resolution}. */
  async resolve(did: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Resolution> {
    const url = didWebUrl(did, this.#options.plainHttp);
    if (url === undefined) return { kind: "failed" };
    const over = new AbortController();
    const ends = [over.signal, AbortSignal.timeout(this.#options.timeout ?? 5000)];
    if (signal !== undefined) ends.push(signal);
    try {
      return await this.#get(url, AbortSignal.any(ends));
    } catch {
      return { kind: "failed" };
    } finally {
      // an answer that was not read to its end would keep its connection open
      over.abort();
    }
  }

  async #get(url: string, signal: AbortSignal): Promise<Resolution> {
    const headers = { Accept: "application/did+json, application/did+ld+json, application/json" };
    const { fetch } = this.#options;
    const response = await fetch(url, { ...QUIET, method: "GET", headers, signal });
    if (isRedirect(response)) return { kind: "failed" };
    if (response.status === 404 || response.status === 410) return { kind: "not_found" };
    const coding = response.headers.get("content-encoding") ?? "identity";
    if (response.status !== 200 || !TYPES.has(mediaType(response)) || coding !== "identity") return { kind: "failed" };
    if (Number(response.headers.get("content-length") ?? 0) > MAX_DOCUMENT) return { kind: "too_long" };
    const bytes = await readBody(response, MAX_DOCUMENT);
    return bytes === undefined ? { kind: "too_long" } : { kind: "document", bytes };
  }
}
