import { fromBase64url, toBase64url } from "../encoding.js";
import { DidshakeError } from "../errors.js";
import { LineFile, readLines, type Files } from "../line-file.js";
import type { ReceivedLetter } from "../mailbox/envelope.js";
import type { StoredMailboxKey } from "../mailbox/key.js";
import { letterName, MemoryMailboxStore, type KeptLetter, type MailboxStore } from "./store.js";

/** A line of the file. */
type Line =
  | { readonly key: StoredMailboxKey }
  | { readonly noKey: Uint8Array }
  | { readonly name: string; readonly kept: KeptLetter }
  | { readonly taken: string }
  | { readonly finished: string };

/** Bytes after which the file is written anew without what is over. */
const REWRITE = 8_388_608;

/**
 * Keeps a mailbox in one file, for one process: a line for each change, on the disk before it counts. Whoever reads the file has the
 * secrets of the mailbox keys; it is made for its owner alone.
 */
export class FileMailboxStore implements MailboxStore {
  readonly #file: LineFile;
  readonly #state: MemoryMailboxStore;
  // the change that is under way: one after the other
  #last: Promise<unknown> = Promise.resolve();

  private constructor(file: LineFile, state: MemoryMailboxStore) {
    [this.#file, this.#state] = [file, state];
  }

  /**
   * Opens the file, or makes it. A last line that a crash has cut is left out: nobody was told of it.
   * @param files `node:fs/promises`, imported whole
   * @throws DidshakeError `own_failure` if the file cannot be read or written, or is none of this store
   */
  static async open(path: string, files: Files): Promise<FileMailboxStore> {
    const store = new FileMailboxStore(new LineFile(path, files), await guarded(() => stateIn(path, files)));
    await guarded(() => store.#rewrite());
    return store;
  }

  /** See {@link MailboxStore.keys}. */
  keys(): Promise<StoredMailboxKey[]> {
    return this.#state.keys();
  }

  /** See {@link MailboxStore.addKey}. Errors here and below: `own_failure` if the file cannot be written; then open it anew. */
  addKey(key: StoredMailboxKey): Promise<void> {
    return this.#change(async () => this.#append({ key }));
  }

  /** See {@link MailboxStore.removeKey}. The file is written anew, without the secret. */
  removeKey(signedKey: Uint8Array): Promise<void> {
    return this.#change(async () => {
      await this.#append({ noKey: signedKey });
      await this.#rewrite();
    });
  }

  /** See {@link MailboxStore.keep}. */
  keep(letter: ReceivedLetter): Promise<boolean> {
    const name = letterName(letter);
    return this.#change(async () => {
      if (this.#state.letters.has(name)) return false;
      await this.#append({ name, kept: { letter, taken: false, expires: letter.expires } });
      return true;
    });
  }

  /** See {@link MailboxStore.take}. */
  take(): Promise<ReceivedLetter | undefined> {
    return this.#change(async () => {
      const next = this.#state.next();
      if (next !== undefined) await this.#append({ taken: letterName(next) });
      return next;
    });
  }

  /** See {@link MailboxStore.unfinished}. */
  unfinished(): Promise<ReceivedLetter[]> {
    return this.#state.unfinished();
  }

  /** See {@link MailboxStore.finish}. */
  finish(letter: ReceivedLetter): Promise<void> {
    return this.#change(async () => {
      if (this.#state.letters.get(letterName(letter))?.taken === true) await this.#append({ finished: letterName(letter) });
    });
  }

  /** See {@link MailboxStore.sweep}. */
  sweep(now: number): Promise<void> {
    return this.#change(async () => {
      await this.#state.sweep(now);
      if (this.#file.written > REWRITE) await this.#rewrite();
    });
  }

  /** Closes the file; the store is of no use afterwards. */
  close(): Promise<void> {
    return this.#change(() => this.#file.close());
  }

  #change<T>(run: () => Promise<T>): Promise<T> {
    const next = this.#last.then(() => guarded(run));
    this.#last = next.catch(() => undefined);
    return next;
  }

  async #append(line: Line): Promise<void> {
    await this.#file.append(encode(line));
    await apply(this.#state, line);
  }

  /** Puts a file with what is there now in the place of the old one. */
  async #rewrite(): Promise<void> {
    const lines: Line[] = (await this.#state.keys()).map((key) => ({ key }));
    for (const [name, kept] of this.#state.letters) lines.push({ name, kept });
    await this.#file.rewrite(lines.map(encode));
  }
}

async function stateIn(path: string, files: Files): Promise<MemoryMailboxStore> {
  const state = new MemoryMailboxStore();
  for (const line of await readLines(path, files)) await apply(state, decode(line));
  return state;
}

async function apply(state: MemoryMailboxStore, line: Line): Promise<void> {
  if ("key" in line) return state.addKey(line.key);
  if ("noKey" in line) return state.removeKey(line.noKey);
  if ("kept" in line) return state.put(line.name, line.kept);
  const name = "taken" in line ? line.taken : line.finished;
  const kept = state.letters.get(name) ?? unknownLine();
  state.put(name, "taken" in line ? { ...kept, taken: true } : { ...kept, letter: undefined });
}

function unknownLine(): never {
  throw new Error("a line of no store");
}

/** JSON, with `{"$": base64url}` for bytes. */
function encode(line: Line): string {
  return JSON.stringify(line, (_, value: unknown) => (value instanceof Uint8Array ? { $: toBase64url(value) } : value));
}

function decode(line: string): Line {
  return JSON.parse(line, (_, value: { $?: unknown } | null) => (typeof value?.$ === "string" ? fromBase64url(value.$) : value)) as Line;
}

async function guarded<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch {
    throw new DidshakeError("own_failure", { detail: "the file of the mailbox" });
  }
}
