import { hash } from "../encoding.js";
import { parseJson, type Json } from "../json.js";
import { reject } from "./fault.js";
import { canonical } from "./jcs.js";
import type { Pace } from "./pace.js";
import type { Witnesses } from "./parameters.js";
import { proofOf, verifies, type Proof } from "./proof.js";

/** Longest `did-witness.json` in bytes. */
export const MAX_WITNESS_FILE = 262_144;
const MAX_PROOFS = 1024;
const MAX_PROOFS_EACH = 32;
const MAX_DEPTH = 17;

/** A proof for an entry of the log. */
interface Approval { readonly entry: number; readonly versionId: string; readonly proof: Proof; good?: boolean }

/** An entry of the log that needs witnesses. */
export interface Need { readonly entry: number; readonly witnesses: Witnesses }

/**
 * Checks that each entry has the witnesses that it needs.
 * @param file `did-witness.json`; undefined: there is none
 * @param versions the `versionId`s of the log, in order
 */
export async function checkWitnesses(file: Uint8Array | undefined, versions: readonly string[], needs: readonly Need[], pace: Pace): Promise<void> {
  const approvals = file === undefined ? [] : approvalsIn(file, versions);
  for (const need of needs) await checkNeed(need, approvals, pace);
}

async function checkNeed({ entry, witnesses }: Need, approvals: readonly Approval[], pace: Pace): Promise<void> {
  const { threshold, keys } = witnesses;
  const later = approvals.filter((one) => one.entry >= entry);
  const good = new Set<string>();
  let bad = false;
  for (const approval of later.filter(({ proof }) => keys.has(proof.signer))) {
    if (await isGood(approval, pace)) good.add(approval.proof.signer);
    else bad = true;
    if (good.size >= threshold) return;
  }
  if (bad) reject("witness_proof");
  if (good.size > 0) reject("witness_threshold");
  reject(later.length > 0 ? "witness_unknown" : "witness_missing");
}

/** Each is verified once, however many entries it counts for. */
async function isGood(approval: Approval, pace: Pace): Promise<boolean> {
  if (approval.good === undefined) {
    await pace.step();
    approval.good = verifies(approval.proof, hash(canonical(new Map([["versionId", approval.versionId]]))));
  }
  return approval.good;
}

function approvalsIn(file: Uint8Array, versions: readonly string[]): Approval[] {
  if (file.length > MAX_WITNESS_FILE) reject("witness_too_long");
  const lists = listsIn(file);
  const count = lists.reduce((sum, { proofs }) => sum + proofs.length, 0);
  if (count > MAX_PROOFS || lists.some(({ proofs }) => proofs.length > MAX_PROOFS_EACH)) reject("witness_too_long");
  const entries = new Map(versions.map((versionId, at) => [versionId, at]));
  return lists.flatMap(({ versionId, proofs }) => {
    const entry = entries.get(versionId);
    if (entry === undefined) return [];
    return proofs.map(proofOf).filter((proof) => proof !== undefined).map((proof) => ({ entry, versionId, proof }));
  });
}

function listsIn(file: Uint8Array): { versionId: string; proofs: Json[] }[] {
  let value: Json;
  try {
    value = parseJson(file, MAX_DEPTH);
  } catch {
    return reject("witness_file");
  }
  if (!Array.isArray(value)) reject("witness_file");
  return value.map((one) => {
    const [versionId, proofs] = one instanceof Map && one.size === 2 ? [one.get("versionId"), one.get("proof")] : [];
    return typeof versionId === "string" && Array.isArray(proofs) ? { versionId, proofs } : reject("witness_file");
  });
}
