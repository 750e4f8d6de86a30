import { urlAt } from "../web.js";
import { scidOf } from "./entry.js";

/** Where the files of a did:webvh lie. */
export interface WebvhUrls {
  /** `did.jsonl`. */
  readonly log: string;
  /** `did-witness.json`. */
  readonly witness: string;
}

/**
 * The URLs that a did:webvh names, or undefined if two readers could read the DID differently.
 * @param plainHttp hosts with their ports that are asked in plain HTTP, such as `127.0.0.1:8400`
 */
export function webvhUrls(did: string, plainHttp: readonly string[] = []): WebvhUrls | undefined {
  const place = did.slice(`did:webvh:${scidOf(did)}:`.length);
  const [log, witness] = ["did.jsonl", "did-witness.json"].map((file) => urlAt(place, file, plainHttp));
  return log === undefined || witness === undefined ? undefined : { log, witness };
}
