// Logs of did:webvh: the kind of `check` that resolves them.
import { fromHex } from "../src/bytes.js";
import { verifyLog } from "../src/webvh/index.js";
import type { Request } from "./attempt.js";

/** Section 9.8 without the fetching. */
export async function webvh({ did, now, seen, log, witness }: Request): Promise<object> {
  const beside = { ...(seen != null && { seen }), ...(witness != null && { witness: fromHex(witness) }) };
  const { document, versionId, deactivated, ttl } = await verifyLog(fromHex(log), { did, now, ...beside });
  return { version_id: versionId, deactivated, ttl, document: new TextDecoder().decode(document) };
}
