import { utf8 } from "../bytes.js";
import { hash } from "../encoding.js";
import { methodsById, parseDocument } from "../document.js";
import { DidshakeError } from "../errors.js";
import type { Json, JsonObject } from "../json.js";
import { entryOf, hasOnlyIntegers, instantOf, isLater, replaced, scidOf, stateDid, valueOf, versionHash, type Entry, type Instant } from "./entry.js";
import { reject, WebvhFault, type WebvhReason } from "./fault.js";
import { hashOf, hashText, isHashText } from "./hashes.js";
import { canonical } from "./jcs.js";
import { Pace } from "./pace.js";
import { AT_START, changed, type Parameters } from "./parameters.js";
import { isOfOtherSuite, proofOf, verifies, type Proof } from "./proof.js";
import { checkWitnesses, type Need } from "./witnesses.js";

/** Longest `did.jsonl` in bytes. */
export const MAX_LOG = 1_048_576;
const MAX_ENTRIES = 1024;
const MAX_LINE = 131_072;
const MAX_PROOFS = 32;

/** What a log is looked at with. */
export interface LogView {
  /** The DID that is resolved. */
  readonly did: string;
  /** Unix seconds. */
  readonly now: number;
  /** Ends the work: a long log takes seconds. */
  readonly signal?: AbortSignal;
}

/** What {@link verifyLog} is given beside the log. */
export interface VerifyLogOptions extends LogView {
  /** `did-witness.json` beside the log; absent: there is none. */
  readonly witness?: Uint8Array;
  /** The `versionId` of the newest entry that was verified of this SCID before; absent: none. Never leave it out where one is known. */
  readonly seen?: string;
}

/** What a did:webvh resolves to. */
export interface WebvhResolution {
  /** JCS of the last state: the document. */
  readonly document: Uint8Array;
  /** Of the last entry: to be kept, and given as `seen` the next time (R-WEBVH-10). */
  readonly versionId: string;
  readonly deactivated: boolean;
  /** For how many seconds the owner lets the document be kept. */
  readonly ttl: number;
}

/**
 * Verifies a log that has been fetched already, and gives its last state: all of section 9.8 but the fetching, and but keeping what was seen.
 * @param log `did.jsonl`
 * @throws WebvhFault with the reason
 */
export async function verifyLog(log: Uint8Array, options: VerifyLogOptions): Promise<WebvhResolution> {
  const read = await WebvhLog.read(log, options);
  await read.checkWitnesses(options.witness, options.signal);
  read.checkSeen(options.seen);
  const resolution = read.resolution();
  checkDocument(resolution.document, options.did);
  return resolution;
}

/** @internal Steps 4 to 9 of section 9.6. */
export function checkDocument(document: Uint8Array, did: string): void {
  try {
    methodsById(parseDocument(document), did);
  } catch (fault) {
    if (!(fault instanceof DidshakeError)) throw fault;
    throw new WebvhFault(fault.code as WebvhReason);
  }
}

/** @internal A log each of whose entries has been verified. What it needs beyond itself is looked at in the order of the methods. */
export class WebvhLog {
  readonly #did: string;
  readonly #versions: readonly string[];
  readonly #needs: readonly Need[];
  readonly #last: Link;

  private constructor(did: string, { versions, needs, last }: { versions: string[]; needs: Need[]; last: Link }) {
    [this.#did, this.#versions, this.#needs, this.#last] = [did, versions, needs, last];
  }

  /** Up to "some `state.id` is the DID". */
  static async read(bytes: Uint8Array, { did, now, signal }: LogView): Promise<WebvhLog> {
    if (!isHashText(scidOf(did))) reject("scid_form");
    const { lines, isCut } = linesOf(bytes);
    const pace = new Pace(signal);
    const [versions, needs, dids]: [string[], Need[], Set<string>] = [[], [], new Set()];
    let last: Link | undefined;
    for (const [at, line] of lines.entries()) {
      await pace.step();
      const value = valueOf(line, isCut && at === lines.length - 1);
      const link: Link = await new EntryCheck(value, last, { did, now }).run(pace);
      const witnesses = last?.parameters.witnesses ?? link.parameters.witnesses;
      if (witnesses !== undefined) needs.push({ entry: at, witnesses });
      versions.push(link.versionId);
      dids.add(link.did);
      last = link;
    }
    if (!dids.has(did)) reject("other_did");
    return new WebvhLog(did, { versions, needs, last: last ?? reject("empty") });
  }

  /** True if some entry needs witnesses: `did-witness.json` is fetched only then. */
  get needsWitnesses(): boolean {
    return this.#needs.length > 0;
  }

  /** The `versionId` of the last entry. */
  get newest(): string {
    return this.#last.versionId;
  }

  /** Each entry has the witnesses that it needs. */
  async checkWitnesses(file: Uint8Array | undefined, signal?: AbortSignal): Promise<void> {
    if (this.needsWitnesses) await checkWitnesses(file, this.#versions, this.#needs, new Pace(signal));
  }

  /** The log does not end before the entry that was seen, and has it. */
  checkSeen(versionId: string | undefined): void {
    if (versionId === undefined) return;
    const number = Number(versionId.split("-", 1)[0]);
    if (number > this.#versions.length) reject("rolled_back");
    if (this.#versions[number - 1] !== versionId) reject("forked");
  }

  /** The last state, which is of the DID. Whether it is a document has not been looked at. */
  resolution(): WebvhResolution {
    const { did, state, versionId, parameters: { deactivated, ttl } } = this.#last;
    if (did !== this.#did) reject("moved");
    return { document: canonical(state), versionId, deactivated, ttl };
  }
}

function linesOf(bytes: Uint8Array): { lines: Uint8Array[]; isCut: boolean } {
  if (bytes.length > MAX_LOG) reject("too_long");
  const isCut = bytes.at(-1) !== 0x0a;
  const end = isCut ? bytes.length : bytes.length - 1;
  if (end <= 0) reject("empty");
  const lines: Uint8Array[] = [];
  for (let start = 0; start <= end;) {
    if (lines.length === MAX_ENTRIES) reject("too_many_entries");
    const feed = bytes.indexOf(0x0a, start);
    const stop = feed < 0 ? end : feed;
    lines.push(bytes.subarray(start, stop));
    start = stop + 1;
  }
  if (lines.some((line) => line.length > MAX_LINE)) reject("entry_too_long");
  return { lines, isCut };
}

/** What the next entry is checked against. */
interface Link {
  readonly number: number;
  readonly versionId: string;
  readonly time: Instant;
  readonly did: string;
  readonly state: JsonObject;
  readonly parameters: Parameters;
}

/** The checks of one entry, in the order of their table. */
class EntryCheck {
  readonly #before: Link | undefined;
  readonly #view: LogView;
  readonly #entry: Entry;
  readonly #in: Parameters;

  constructor(value: Json, before: Link | undefined, view: LogView) {
    [this.#before, this.#view, this.#in] = [before, view, before?.parameters ?? AT_START];
    if (this.#in.deactivated) reject("after_deactivation");
    this.#entry = entryOf(value);
    if (!hasOnlyIntegers(value)) reject("number");
  }

  async run(pace: Pace): Promise<Link> {
    const [entry, before] = [this.#entry, this.#before];
    const number = (before?.number ?? 0) + 1;
    const hashed = versionHash(entry, number);
    const time = instantOf(entry, this.#view.now);
    const parameters = changed(this.#in, entry.parameters, before === undefined);
    const did = stateDid(entry);
    if (before !== undefined && !isLater(time, before.time)) reject("time_order");
    this.#checkScid(did);
    const previous = before?.versionId ?? String(entry.parameters.get("scid"));
    if (hashOf(new Map([...entry.body, ["versionId", previous]])) !== hashed) reject("entry_hash");
    const keys = this.#activeKeys(parameters);
    if (before !== undefined && did !== before.did) this.#checkMove(before, parameters);
    await this.#checkProofs(keys, pace);
    return { number, versionId: entry.versionId, time, did, state: entry.state, parameters };
  }

  #checkScid(did: string): void {
    const scid = scidOf(this.#view.did);
    if (scidOf(did) !== scid) reject("other_scid");
    if (this.#before !== undefined) return;
    if (this.#entry.parameters.get("scid") !== scid) reject("other_scid");
    const preliminary = replaced(new Map([...this.#entry.body, ["versionId", "{SCID}"]]), scid, "{SCID}");
    if (preliminary === undefined || hashOf(preliminary) !== scid) reject("scid");
  }

  /** The keys that may sign the entry, after the commitment before it has been looked at. */
  #activeKeys(parameters: Parameters): readonly string[] {
    if (this.#before === undefined) return parameters.updateKeys;
    const { updateKeys, nextKeyHashes } = this.#in;
    if (nextKeyHashes.length === 0) return updateKeys;
    const set = this.#entry.parameters;
    if (!set.has("updateKeys") || !set.has("nextKeyHashes")) reject("pre_rotation");
    if (!parameters.updateKeys.every((key) => nextKeyHashes.includes(hashText(utf8(key))))) reject("pre_rotation");
    return parameters.updateKeys;
  }

  #checkMove(before: Link, parameters: Parameters): void {
    if (!this.#in.portable || !parameters.portable) reject("not_portable");
    const names = this.#entry.state.get("alsoKnownAs");
    if (!Array.isArray(names) || !names.includes(before.did)) reject("prior_did");
  }

  async #checkProofs(keys: readonly string[], pace: Pace): Promise<void> {
    const { proofs: values, body } = this.#entry;
    if (values.length === 0 || values.length > MAX_PROOFS) reject("proof_shape");
    const proofs = values.map((value): Proof => {
      if (isOfOtherSuite(value)) reject("cryptosuite");
      return proofOf(value) ?? reject("proof_shape");
    });
    if (!proofs.every(({ signer }) => keys.includes(signer))) reject("key_not_authorised");
    const secured = hash(canonical(body));
    for (const proof of proofs) {
      await pace.step();
      if (!verifies(proof, secured)) reject("proof_signature");
    }
  }
}
