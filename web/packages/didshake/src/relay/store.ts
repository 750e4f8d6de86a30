import { toBase64url } from "../encoding.js";
import { equal } from "../bytes.js";
import type { ReceivedLetter } from "../mailbox/envelope.js";
import type { StoredMailboxKey } from "../mailbox/key.js";

/**
 * What the owner of a mailbox keeps. What a method has promised is durable when it resolves; a letter is named by its sender's DID
 * and its message id.
 */
export interface MailboxStore {
  /** The mailbox keys, with their secrets. */
  keys(): Promise<StoredMailboxKey[]>;
  /** Puts a mailbox key in. */
  addKey(key: StoredMailboxKey): Promise<void>;
  /** Deletes a mailbox key and its secret. */
  removeKey(signedKey: Uint8Array): Promise<void>;
  /** Puts a letter in; false, and nothing is changed, if one of its name was put in before and has not expired since. */
  keep(letter: ReceivedLetter): Promise<boolean>;
  /** The oldest letter that was not handed out yet, and is marked as handed out from then on; undefined if there is none. */
  take(): Promise<ReceivedLetter | undefined>;
  /** Letters that were handed out and not {@link finish}ed, the oldest first: what an application that died was about. */
  unfinished(): Promise<ReceivedLetter[]>;
  /** Removes the content of a letter that was handed out; its name stays until it expires. */
  finish(letter: ReceivedLetter): Promise<void>;
  /** Forgets the names of finished letters that have expired; `now` is in Unix seconds. */
  sweep(now: number): Promise<void>;
}

/** @internal What names a letter. */
export function letterName({ sender, messageId }: ReceivedLetter): string {
  return `${sender.did} ${toBase64url(messageId)}`;
}

/** @internal */
export interface KeptLetter {
  /** Without its content once it is finished. */
  readonly letter: ReceivedLetter | undefined;
  readonly taken: boolean;
  readonly expires: number;
}

/** Keeps everything in memory: for tests, and for whoever may lose letters and hand one out again when the process ends. */
export class MemoryMailboxStore implements MailboxStore {
  /** @internal */
  readonly letters = new Map<string, KeptLetter>();
  // in the order in which they came
  readonly #fresh = new Set<string>();
  #keys: StoredMailboxKey[] = [];

  /** See {@link MailboxStore.keys}. */
  async keys(): Promise<StoredMailboxKey[]> {
    return [...this.#keys];
  }

  /** See {@link MailboxStore.addKey}. */
  async addKey(key: StoredMailboxKey): Promise<void> {
    this.#keys.push(key);
  }

  /** See {@link MailboxStore.removeKey}. */
  async removeKey(signedKey: Uint8Array): Promise<void> {
    const gone = this.#keys.filter((one) => equal(one.signedKey, signedKey));
    for (const { secret } of gone) secret.fill(0);
    this.#keys = this.#keys.filter((one) => !gone.includes(one));
  }

  /** See {@link MailboxStore.keep}. */
  async keep(letter: ReceivedLetter): Promise<boolean> {
    const name = letterName(letter);
    if (this.letters.has(name)) return false;
    this.put(name, { letter, taken: false, expires: letter.expires });
    return true;
  }

  /** See {@link MailboxStore.take}. */
  async take(): Promise<ReceivedLetter | undefined> {
    const next = this.next();
    if (next !== undefined) this.put(letterName(next), { letter: next, taken: true, expires: next.expires });
    return next;
  }

  /** @internal The letter that {@link take} would hand out. */
  next(): ReceivedLetter | undefined {
    for (const name of this.#fresh) return this.letters.get(name)?.letter;
    return undefined;
  }

  /** @internal As it was kept before. */
  put(name: string, kept: KeptLetter): void {
    this.letters.set(name, kept);
    if (kept.taken) this.#fresh.delete(name);
    else this.#fresh.add(name);
  }

  /** See {@link MailboxStore.unfinished}. */
  async unfinished(): Promise<ReceivedLetter[]> {
    return [...this.letters.values()].flatMap(({ taken, letter }) => (taken && letter !== undefined ? [letter] : []));
  }

  /** See {@link MailboxStore.finish}. */
  async finish(letter: ReceivedLetter): Promise<void> {
    const name = letterName(letter);
    const kept = this.letters.get(name);
    if (kept?.taken === true) this.letters.set(name, { ...kept, letter: undefined });
  }

  /** See {@link MailboxStore.sweep}. */
  async sweep(now: number): Promise<void> {
    for (const [name, { letter, expires }] of this.letters) if (letter === undefined && expires <= now) this.letters.delete(name);
  }
}
