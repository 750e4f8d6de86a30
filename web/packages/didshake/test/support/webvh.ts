import { utf8 } from "../../src/bytes.js";
import { verifyLog, WebvhFault, type WebvhResolution } from "../../src/webvh/index.js";
import { assert, same, type WebvhVector } from "./vector.js";

/** The bytes of `did.jsonl`. */
export function logOf({ log, line_spaces }: WebvhVector): Uint8Array {
  return utf8(log.replaceAll("\n", `${" ".repeat(line_spaces)}\n`));
}

/** What the log resolves to. */
export function readLog(vector: WebvhVector): Promise<WebvhResolution> {
  const { view: { did, now, seen }, witness } = vector;
  return verifyLog(logOf(vector), { did, now, ...(seen !== null && { seen }), ...(witness !== null && { witness: utf8(witness) }) });
}

/** Runs one vector of a log; throws if this implementation does otherwise. */
export async function runWebvh(vector: WebvhVector): Promise<void> {
  let found: WebvhResolution;
  try {
    found = await readLog(vector);
  } catch (fault) {
    assert(fault instanceof WebvhFault, `not an error of a log: ${String(fault)}`);
    same(fault.reason, vector.fails?.cause, "cause");
    return same(fault.code, vector.fails?.error, "error");
  }
  const { resolution } = vector;
  assert(vector.kind === "positive" && resolution !== undefined, `accepted, instead of ${vector.fails?.cause}`);
  same(found.versionId, resolution.version_id, "version");
  same(`${found.deactivated} ${found.ttl}`, `${resolution.deactivated} ${resolution.ttl}`, "deactivated and ttl");
  same(new TextDecoder().decode(found.document), resolution.document, "document");
}
