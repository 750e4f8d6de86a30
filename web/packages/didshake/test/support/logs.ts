import { concat, utf8 } from "../../src/bytes.js";
import { hash, toBase58 } from "../../src/encoding.js";
import { parseJson, type Json, type JsonObject } from "../../src/json.js";
import { toMultibase } from "../../src/keys.js";
import { SoftwareSigner } from "../../src/signer.js";
import { replaced } from "../../src/webvh/entry.js";
import { hashOf, hashText } from "../../src/webvh/hashes.js";
import { canonical } from "../../src/webvh/jcs.js";

/** A key by its number. */
export const keyOf = (number: number): SoftwareSigner => SoftwareSigner.fromSecret(1, new Uint8Array(32).fill(number));
/** Its multikey. */
export const multikey = (number: number): string => toMultibase(keyOf(number).publicKey);
/** The commitment to it. */
export const committed = (number: number): string => hashText(utf8(multikey(number)));

const jsonOf = (value: object): Json => parseJson(utf8(JSON.stringify(value)), 99);
const textOf = (value: Json): string => new TextDecoder().decode(canonical(value));

/** A proof of a key over what has this JCS. */
export async function proofBy(key: number, secured: Uint8Array): Promise<object> {
  const method = `did:key:${multikey(key)}#${multikey(key)}`;
  const options = { type: "DataIntegrityProof", cryptosuite: "eddsa-jcs-2022", proofPurpose: "assertionMethod", verificationMethod: method };
  const signature = await keyOf(key).sign(concat(hash(canonical(jsonOf(options))), hash(secured)));
  return { ...options, proofValue: `z${toBase58(signature)}` };
}

/** What an entry is made of; what is left out is as in a good one. */
export interface Draft {
  readonly parameters?: object; readonly state?: object; readonly signers?: readonly number[]; readonly time?: string;
  /** Changes the entry after it was hashed and signed. */
  readonly spoil?: (entry: Record<string, unknown>) => unknown;
}

/** The log of a DID at a place, by whoever holds key 1 unless said: each draft is hashed and signed as an entry. */
export async function makeLog(place: string, ...drafts: readonly Draft[]): Promise<{ did: string; bytes: Uint8Array; versions: string[] }> {
  let scid = "{SCID}";
  let previous = scid;
  const [lines, versions]: [string[], string[]] = [[], []];
  for (const [at, draft] of drafts.entries()) {
    const made = bodyOf(place, at, draft, previous);
    const first = hashOf(made);
    if (at === 0) scid = first;
    const body = replaced(made, "{SCID}", scid) as JsonObject;
    const versionId = `${at + 1}-${hashOf(new Map([...body, ["versionId", at === 0 ? scid : previous]]))}`;
    const entry = new Map([...body, ["versionId", versionId]]);
    const proof = await Promise.all((draft.signers ?? [1]).map((key) => proofBy(key, canonical(entry))));
    const plain = { ...(JSON.parse(textOf(entry)) as object), proof };
    const spoiled = draft.spoil?.(plain) ?? plain;
    lines.push(typeof spoiled === "string" ? spoiled : JSON.stringify(spoiled));
    versions.push(versionId);
    previous = versionId;
  }
  return { did: `did:webvh:${scid}:${place}`, bytes: utf8(lines.map((line) => `${line}\n`).join("")), versions };
}

function bodyOf(place: string, at: number, { parameters = {}, state = {}, time }: Draft, previous: string): JsonObject {
  const first = at === 0 ? { method: "did:webvh:1.0", scid: "{SCID}", updateKeys: [multikey(1)] } : {};
  const id = `did:webvh:{SCID}:${place}`;
  const method = { id: "#key-1", type: "Multikey", controller: id, publicKeyMultibase: multikey(9) };
  return jsonOf({
    versionId: previous, versionTime: time ?? new Date(Date.UTC(2025, 0, 1) + at * 1000).toISOString().replace(".000", ""),
    parameters: { ...first, ...parameters }, state: { id, verificationMethod: [method], authentication: ["#key-1"], ...state },
  }) as JsonObject;
}

/** `did-witness.json` with proofs of these keys for this entry. */
export async function makeWitness(versionId: string, ...keys: readonly number[]): Promise<Uint8Array> {
  const secured = canonical(new Map([["versionId", versionId]]));
  const proof = await Promise.all(keys.map((key) => proofBy(key, secured)));
  return utf8(JSON.stringify([{ versionId, proof }]));
}

/** The parameter `witness`. */
export const witnessesOf = (threshold: number, ...keys: readonly number[]): object =>
  ({ witness: { threshold, witnesses: keys.map((key) => ({ id: `did:key:${multikey(key)}` })) } });
