import { runRequest } from "../../didshake/test/support/requests.js";
import { runHandshake } from "../../didshake/test/support/run.js";
import { runSigned } from "../../didshake/test/support/signed.js";
import { runWebvh } from "../../didshake/test/support/webvh.js";
import type { RequestVector, Vector, VectorSet, WebvhVector } from "../../didshake/test/support/vector.js";

/** An entry of the index that lies with the vectors. */
export interface Entry {
  readonly id: string;
  readonly area: string;
  readonly about: string;
  readonly requirements: readonly string[];
}

/** What the service serves as `/vectors.json`. */
export interface ServedVectors extends Omit<VectorSet, "index"> {
  readonly index: Omit<VectorSet["index"], "vectors"> & { readonly vectors: readonly Entry[] };
  readonly webvh: readonly WebvhVector[];
}

export const KINDS = {
  accepted: "Handshakes that must succeed",
  signed: "The same, signed by this browser's own keys",
  refused: "Handshakes that must be refused",
  request: "Signed requests that must be accepted",
  badRequest: "Requests that must be refused",
  log: "Logs of did:webvh that must resolve",
  badLog: "Logs that must be refused",
} as const;
export type Kind = keyof typeof KINDS;

/** One vector that ran. */
export interface Result extends Entry {
  readonly kind: Kind;
  /** Why it failed; undefined if it passed. */
  readonly fault: string | undefined;
}

interface Job { readonly kind: Kind; readonly id: string; readonly run: () => Promise<void> }

function jobs({ handshakes, requests, webvh }: ServedVectors): Job[] {
  const positive = (vector: { kind: string }): boolean => vector.kind === "positive";
  const handshake = (vector: Vector): Job =>
    ({ kind: positive(vector) ? "accepted" : "refused", id: vector.id, run: () => runHandshake(vector) });
  const request = (vector: RequestVector): Job =>
    ({ kind: positive(vector) ? "request" : "badRequest", id: vector.id, run: () => runRequest(vector) });
  const log = (vector: WebvhVector): Job => ({ kind: positive(vector) ? "log" : "badLog", id: vector.id, run: () => runWebvh(vector) });
  const signed = handshakes.filter(positive).map((vector): Job => ({ kind: "signed", id: vector.id, run: () => runSigned(vector) }));
  return [...handshakes.map(handshake), ...signed, ...requests.map(request), ...webvh.map(log)];
}

/** Runs every vector in this browser, one after the other. `onProgress` is awaited every 50 ms or so, so that the page can be used. */
export async function runAll(set: ServedVectors, onProgress: (done: number, of: number) => Promise<void>): Promise<Result[]> {
  const entries = new Map(set.index.vectors.map((entry) => [entry.id, entry]));
  const all = jobs(set);
  const results: Result[] = [];
  let shown = performance.now();
  for (const { kind, id, run } of all) {
    const entry = entries.get(id) ?? { id, area: "unknown", about: "not in the index", requirements: [] };
    const fault = await run().then(() => undefined, (error: unknown) => (error instanceof Error ? error.message : String(error)));
    results.push({ ...entry, kind, fault });
    if (performance.now() - shown < 50) continue;
    await onProgress(results.length, all.length);
    shown = performance.now();
  }
  return results;
}

/** How many there are that did not run: the index promises a number of each. */
export function promised({ index }: ServedVectors): number {
  const { positives, negatives, request_positives, request_negatives, webvh_positives, webvh_negatives } = index;
  return 2 * positives + negatives + request_positives + request_negatives + webvh_positives + webvh_negatives;
}
