import { concat, utf8 } from "../bytes.js";
import { fromBase64url, toBase64url } from "../encoding.js";
import { DidshakeError } from "../errors.js";
import type { ReceivedLetter } from "../mailbox/envelope.js";
import type { StoredMailboxKey } from "../mailbox/key.js";
import { letterName, MemoryMailboxStore, type KeptLetter, type MailboxStore } from "./store.js";

/** What is used of a file that is open. */
export interface OpenFile {
  /** Writes at the end. */
  appendFile(data: Uint8Array): Promise<void>;
  /** Returns when what was written is on the disk. */
  sync(): Promise<void>;
  /** Gives it back to the platform. */
  close(): Promise<void>;
}

/** What is used of the file system: `node:fs/promises` has it. */
export interface Files {
  /** All of a file; fails with the code `ENOENT` where there is none. */
  readFile(path: string): Promise<Uint8Array>;
  /** `flags` are `w` and `r`. */
  open(path: string, flags: string, mode?: number): Promise<OpenFile>;
  /** Takes the place of a file that is there. */
  rename(from: string, to: string): Promise<void>;
}

/** A line of the file. */
type Line =
  | { readonly key: StoredMailboxKey }
  | { readonly noKey: Uint8Array }
  | { readonly name: string; readonly kept: KeptLetter }
  | { readonly taken: string }
  | { readonly finished: string };

/** Bytes after which the file is written anew without what is over. */
const REWRITE = 8_388_608;
const PRIVATE = 0o600;

/**
 * Keeps a mailbox in one file, for one process: a line for each change, on the disk before it counts. Whoever reads the file has the
 * secrets of the mailbox keys; it is made for its owner alone.
 */
export class FileMailboxStore implements MailboxStore {
  readonly #path: string;
  readonly #files: Files;
  readonly #state: MemoryMailboxStore;
  #file: OpenFile | undefined;
  #written = 0;
  // the change that is under way: one after the other
  #last: Promise<unknown> = Promise.resolve();

  private constructor(path: string, files: Files, state: MemoryMailboxStore) {
    [this.#path, this.#files, this.#state] = [path, files, state];
  }

  /**
   * Opens the file, or makes it. A last line that a crash has cut is left out: nobody was told of it.
   * @param files `node:fs/promises`, imported whole
   * @throws DidshakeError `own_failure` if the file cannot be read or written, or is none of this store
   */
  static async open(path: string, files: Files): Promise<FileMailboxStore> {
    const store = new FileMailboxStore(path, files, await guarded(() => stateIn(path, files)));
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
      if (this.#written > REWRITE) await this.#rewrite();
    });
  }

  /** Closes the file; the store is of no use afterwards. */
  close(): Promise<void> {
    return this.#change(async () => {
      await this.#file?.close();
      this.#file = undefined;
    });
  }

  #change<T>(run: () => Promise<T>): Promise<T> {
    const next = this.#last.then(() => guarded(run));
    this.#last = next.catch(() => undefined);
    return next;
  }

  async #append(line: Line): Promise<void> {
    const file = this.#file;
    if (file === undefined) throw new Error("not open");
    const bytes = encode(line);
    try {
      await file.appendFile(bytes);
      await file.sync();
    } catch (fault) {
      // half a line may stand at the end: nothing is to come after it
      this.#file = undefined;
      await file.close();
      throw fault;
    }
    this.#written += bytes.length;
    await apply(this.#state, line);
  }

  /** Puts a file with what is there now in the place of the old one. */
  async #rewrite(): Promise<void> {
    const [path, files, state] = [`${this.#path}.new`, this.#files, this.#state];
    const lines: Line[] = (await state.keys()).map((key) => ({ key }));
    for (const [name, kept] of state.letters) lines.push({ name, kept });
    const file = await files.open(path, "w", PRIVATE);
    await file.appendFile(concat(...lines.map(encode)));
    await file.sync();
    await files.rename(path, this.#path);
    await this.#file?.close();
    [this.#file, this.#written] = [file, 0];
    await syncFolder(this.#path, files);
  }
}

/** The rename is on the disk too, where the platform opens folders. */
async function syncFolder(path: string, files: Files): Promise<void> {
  const folder = await files.open(path.replace(/[^/]*$/, "") || ".", "r").catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

async function stateIn(path: string, files: Files): Promise<MemoryMailboxStore> {
  const state = new MemoryMailboxStore();
  const bytes = await files.readFile(path).catch((fault: { code?: string }) => {
    if (fault.code === "ENOENT") return new Uint8Array();
    throw fault;
  });
  const lines = new TextDecoder().decode(bytes).split("\n").slice(0, -1);
  for (const line of lines) await apply(state, decode(line));
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
function encode(line: Line): Uint8Array {
  return utf8(`${JSON.stringify(line, (_, value: unknown) => (value instanceof Uint8Array ? { $: toBase64url(value) } : value))}\n`);
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
