import { concat } from "../bytes.js";
import { fromBase58, hash } from "../encoding.js";
import { DidshakeError } from "../errors.js";
import type { Json, JsonObject } from "../json.js";
import { multibaseKey } from "../keys.js";
import { checkKey, ED25519, verify, type PublicKey } from "../signatures.js";
import { parseTime } from "../times.js";
import { canonical } from "./jcs.js";

/** A proof of section 9.8 by its form: whether it verifies has not been looked at. */
export interface Proof {
  /** The multikey of the signer. */
  readonly signer: string;
  readonly key: PublicKey;
  readonly signature: Uint8Array;
  /** SHA-256 of JCS of the proof without its value. */
  readonly options: Uint8Array;
}

const FIXED: readonly (readonly [string, string])[] = [
  ["type", "DataIntegrityProof"], ["cryptosuite", "eddsa-jcs-2022"], ["proofPurpose", "assertionMethod"],
];
const MEMBERS = [...FIXED.map(([name]) => name), "verificationMethod", "proofValue", "created", "id"];
/** base58btc of 64 bytes has no more characters. */
const MAX_VALUE = 88;

/** True for an object of another cryptosuite, or of none. */
export function isOfOtherSuite(value: Json): boolean {
  return value instanceof Map && value.get("cryptosuite") !== "eddsa-jcs-2022";
}

/** Reads a proof, or undefined if it is none of eddsa-jcs-2022 as section 9.8 has it. */
export function proofOf(value: Json): Proof | undefined {
  if (!(value instanceof Map)) return undefined;
  const proof: JsonObject = value;
  if (![...proof].every(([name, one]) => MEMBERS.includes(name) && typeof one === "string")) return undefined;
  if (!FIXED.every(([name, wanted]) => proof.get(name) === wanted)) return undefined;
  const [method, text, created] = ["verificationMethod", "proofValue", "created"].map((name) => String(proof.get(name) ?? ""));
  const [, signer = "", fragment] = /^did:key:([^#]*)#(.*)$/s.exec(method ?? "") ?? [];
  const key = ed25519Key(signer);
  const signature = text?.startsWith("z") === true ? fromBase58(text.slice(1), MAX_VALUE) : undefined;
  if (fragment !== signer || key === undefined || signature?.length !== 64) return undefined;
  if (proof.has("created") && parseTime(created ?? "") === undefined) return undefined;
  const options = new Map([...proof].filter(([name]) => name !== "proofValue"));
  return { signer, key, signature, options: hash(canonical(options)) };
}

/** The key of an Ed25519 multikey, or undefined; also where it is no valid key (6.2, step 1). */
export function ed25519Key(multikey: string): PublicKey | undefined {
  const key = multibaseKey(multikey);
  if (key?.algorithm !== ED25519) return undefined;
  try {
    checkKey(key);
    return key;
  } catch {
    return undefined;
  }
}

/** True if the proof is over what has this SHA-256 of its JCS. */
export function verifies({ key, signature, options }: Proof, secured: Uint8Array): boolean {
  try {
    verify(key, concat(options, secured), signature);
    return true;
  } catch (fault) {
    if (fault instanceof DidshakeError) return false;
    throw fault;
  }
}
