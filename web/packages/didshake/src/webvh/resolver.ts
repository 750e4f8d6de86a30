import type { Clock } from "../config.js";
import { DidshakeError } from "../errors.js";
import { isRedirect, QUIET, readBody, withDeadline, type Fetch } from "../fetching.js";
import type { Resolution, Resolver } from "../resolver.js";
import { scidOf } from "./entry.js";
import { reject, WebvhFault, type WebvhReason } from "./fault.js";
import { isHashText } from "./hashes.js";
import { checkDocument, MAX_LOG, WebvhLog, type WebvhResolution } from "./log.js";
import { webvhUrls } from "./place.js";
import type { SeenStore } from "./seen.js";
import { MAX_WITNESS_FILE } from "./witnesses.js";

/** What a {@link DidWebvhResolver} works with. */
export interface DidWebvhOptions {
  readonly fetch: Fetch;
  /** What was seen of logs before: it has to outlive the process, or an older log is taken for the newest one. */
  readonly seen: SeenStore;
  readonly clock: Clock;
  /** Hosts with their ports that are asked in plain HTTP, such as `127.0.0.1:8400`; for tests and closed networks. */
  readonly plainHttp?: readonly string[];
  /** Milliseconds for one DID, with all that is fetched and verified; 5,000 unless given. */
  readonly timeout?: number;
  /** Learns why a DID did not resolve in a handshake: for the local log, and for a warning where the reason is `rolled_back` or `forked`. */
  readonly onFault?: (did: string, fault: WebvhFault) => void;
}

/** Attempts to keep what was seen: each that fails means that the same log was resolved elsewhere meanwhile. */
const MAX_TRIES = 8;

/**
 * Resolves did:webvh with one GET, and a second one where witnesses are needed. What comes is believed for its hashes and signatures,
 * whoever served it; that it is the newest log rests on the host, and on what was seen before. In a browser the host has to allow the
 * request (CORS), and addresses cannot be checked: a service that resolves needs more than this.
 */
export class DidWebvhResolver implements Resolver {
  readonly methods = ["webvh"];
  readonly #options: DidWebvhOptions;

  /** It asks through the `fetch` of the options and through nothing else. */
  constructor(options: DidWebvhOptions) {
    this.#options = options;
  }

  /** One lookup, never cached; every failure is a {@link Resolution}, and `onFault` learns its reason. */
  async resolve(did: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Resolution> {
    try {
      const { document: bytes, deactivated, ttl } = await this.#find(did, signal);
      return { kind: "document", bytes, deactivated, ttl };
    } catch (fault) {
      if (!(fault instanceof WebvhFault)) throw fault;
      this.#options.onFault?.(did, fault);
      if (fault.code === "did_not_found") return { kind: "not_found" };
      return { kind: fault.code === "document_limits" ? "too_long" : "failed" };
    }
  }

  /**
   * The same, with everything that the log says.
   * @throws WebvhFault with the reason
   */
  async lookUp(did: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<WebvhResolution> {
    const found = await this.#find(did, signal);
    checkDocument(found.document, did);
    return found;
  }

  /** Everything but whether the last state is a document, which whoever uses it looks at anyway. */
  async #find(did: string, signal: AbortSignal | undefined): Promise<WebvhResolution> {
    if (!isHashText(scidOf(did))) reject("scid_form");
    const urls = webvhUrls(did, this.#options.plainHttp) ?? reject("location");
    const over = new AbortController();
    try {
      return await withDeadline(this.#options.timeout ?? 5000, async (late) => {
        const both = AbortSignal.any([late, over.signal, ...(signal === undefined ? [] : [signal])]);
        const bytes = (await this.#get(urls.log, "text/jsonl", { limit: MAX_LOG, tooLong: "too_long", signal: both })) ?? reject("not_found");
        const log = await WebvhLog.read(bytes, { did, now: this.#options.clock(), signal: both });
        const limits = { limit: MAX_WITNESS_FILE, tooLong: "witness_too_long", signal: both } as const;
        await log.checkWitnesses(log.needsWitnesses ? await this.#get(urls.witness, "application/json", limits) : undefined, both);
        await this.#keep(scidOf(did), log);
        return log.resolution();
      });
    } catch (fault) {
      if (fault instanceof DidshakeError && fault.code === "timeout") reject("deadline");
      if (signal?.aborted === true) reject("transport");
      throw fault;
    } finally {
      // an answer that was not read to its end would keep its connection open
      over.abort();
    }
  }

  /** The bytes of a file whatever type they are said to be; undefined if there is none. */
  async #get(
    url: string, type: string, { limit, tooLong, signal }: { limit: number; tooLong: WebvhReason; signal: AbortSignal },
  ): Promise<Uint8Array | undefined> {
    // a browser sends its own list of encodings; `fetch` decodes them, and the limit is on what comes out
    const headers = { Accept: `${type}, */*`, "Accept-Encoding": "identity" };
    const { fetch } = this.#options;
    const response = await arrived(fetch(url, { ...QUIET, method: "GET", headers, signal }));
    if (isRedirect(response)) reject("redirect");
    if (response.status === 404 || response.status === 410) return undefined;
    if (response.status !== 200) reject("status");
    return (await arrived(readBody(response, limit))) ?? reject(tooLong);
  }

  /** Compares the log with what was seen, and keeps it: also one that has moved, whose earlier entries nobody shall believe again. */
  async #keep(scid: string, log: WebvhLog): Promise<void> {
    const { seen } = this.#options;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const before = await known(() => seen.newest(scid));
      log.checkSeen(before);
      if (before === log.newest || (await known(() => seen.replace(scid, before, log.newest)))) return;
    }
    reject("history");
  }
}

async function arrived<T>(answer: Promise<T>): Promise<T> {
  return answer.catch(() => reject("transport"));
}

/** R-WEBVH-10: nothing resolves where what was seen cannot be looked up, or kept. */
async function known<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch {
    return reject("history");
  }
}
