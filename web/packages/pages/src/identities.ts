import { DidshakeError } from "../../didshake/src/errors.js";
import { didKey } from "../../didshake/src/keys.js";
import { SignerStore, WebCryptoSigner } from "../../didshake/src/webcrypto.js";
import { wordsOf } from "./words.js";

/** A key of this device, under the name that its owner gave it. */
export interface Identity {
  readonly name: string;
  readonly did: string;
  readonly words: string;
  readonly signer: WebCryptoSigner;
  /** Unix seconds of the last login, 0 if there was none. */
  readonly used: number;
}

/** What is remembered beside the key, so that a key that the browser deleted is missed. */
export interface Hint {
  readonly name: string;
  readonly did: string;
  readonly used: number;
}

const HINTS = "didshake identities";

/** What the user called it, cleaned; or a sentence that says what is wrong with it. */
export function nameFault(name: string, taken: readonly string[]): string | undefined {
  const length = [...name.trim()].length;
  if (length < 1) return "Give it a name: any word that tells this key from others.";
  if (length > 40) return "A name has at most 40 characters.";
  if (taken.includes(name.trim())) return "You have a key of this name already.";
  return unseenFault(name);
}

/** A name that a service would not take as a label: one with letters that nobody sees, or that turn the direction of writing. */
export function unseenFault(text: string): string | undefined {
  const unseen = /[\p{Cc}\p{Default_Ignorable_Code_Point}\p{Co}\u061c\u2028-\u202e\u2800\ufff9-\ufffb\u{13430}-\u{1345f}]/u;
  return unseen.test(text.trim()) ? "One of its characters cannot be seen, alone or as a part of an emoji. Leave that one out." : undefined;
}

/** The identities of this browser: keys in IndexedDB, their names and last use also in localStorage. */
export class Identities {
  readonly #store: SignerStore;
  #keys: Identity[] = [];

  private constructor(store: SignerStore) {
    this.#store = store;
  }

  /** Errors: `own_failure` where there is no IndexedDB. */
  static async open(): Promise<Identities> {
    const identities = new Identities(await SignerStore.open());
    await identities.#load();
    return identities;
  }

  /** The one used last comes first. */
  get all(): readonly Identity[] {
    return this.#keys;
  }

  get names(): string[] {
    return this.#keys.map(({ name }) => name);
  }

  /** Known by name, but the key is gone. */
  get missing(): Hint[] {
    return readHints().filter(({ did }) => this.of(did) === undefined);
  }

  of(did: string): Identity | undefined {
    return this.#keys.find((identity) => identity.did === did);
  }

  /** A new key of this name, or the one that another tab has made meanwhile. Errors: `own_failure`. */
  async create(name: string): Promise<Identity> {
    await this.#kept(WebCryptoSigner.generate().then((signer) => this.#store.add(name, signer))).catch((fault: unknown) => {
      if (!this.names.includes(name)) throw fault;
    });
    const made = this.#keys.find((one) => one.name === name);
    // a full disk may undo what went well at first
    if (made === undefined) throw new DidshakeError("own_failure", { detail: "not kept" });
    return made;
  }

  async rename({ name, did }: Identity, to: string): Promise<void> {
    await this.#kept(this.#store.rename(name, to));
    this.#remember(did, (hint) => ({ ...hint, name: to }));
  }

  async remove({ name, did }: Identity): Promise<void> {
    await this.#store.remove(name);
    this.forget(did);
    await this.#load();
  }

  async markUsed({ did }: Identity, now: number): Promise<void> {
    this.#remember(did, (hint) => ({ ...hint, used: now }));
    await this.#load();
  }

  /** No longer misses a key. */
  forget(did: string): void {
    writeHints(readHints().filter((hint) => hint.did !== did));
  }

  /** Then looks again, also where it failed: another tab may have been first. */
  async #kept(change: Promise<unknown>): Promise<void> {
    try {
      await change;
    } finally {
      await this.#load();
    }
  }

  #remember(did: string, change: (hint: Hint) => Hint): void {
    writeHints(readHints().map((hint) => (hint.did === did ? change(hint) : hint)));
  }

  async #load(): Promise<void> {
    const hints = readHints();
    const names = await this.#store.names();
    const signers = await Promise.all(names.map((name) => this.#store.get(name)));
    const keys = names.flatMap((name, at): Identity[] => {
      const signer = signers[at];
      if (signer === undefined) return [];
      const did = didKey(signer.publicKey);
      return [{ name, did, words: wordsOf(did), signer, used: hints.find((hint) => hint.did === did)?.used ?? 0 }];
    });
    this.#keys = keys.sort((a, b) => b.used - a.used || a.name.localeCompare(b.name));
    // a key whose hint is gone gets one again
    const unknown = keys.filter(({ did }) => !hints.some((hint) => hint.did === did));
    if (unknown.length > 0) writeHints([...hints, ...unknown.map(({ name, did }) => ({ name, did, used: 0 }))]);
  }
}

function isHint(value: unknown): value is Hint {
  const { name, did, used } = (value ?? {}) as Partial<Hint>;
  return typeof name === "string" && typeof did === "string" && typeof used === "number";
}

// a browser may refuse localStorage: then a deleted key is simply not missed

function readHints(): Hint[] {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(HINTS) ?? "[]");
    return Array.isArray(value) ? value.filter(isHint) : [];
  } catch {
    return [];
  }
}

function writeHints(hints: readonly Hint[]): void {
  try {
    localStorage.setItem(HINTS, JSON.stringify(hints));
  } catch {
    return;
  }
}
