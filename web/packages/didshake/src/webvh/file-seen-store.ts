import { DidshakeError } from "../errors.js";
import { LineFile, readLines, type Files } from "../line-file.js";
import { isHashText } from "./hashes.js";
import { MemorySeenStore, MOST_LOGS, type SeenStore } from "./seen.js";

/** Bytes after which the file is written anew without what was replaced. */
const REWRITE = 8_388_608;

/** Keeps what was seen of logs in one file, for one process: a line for each log that advanced, on the disk before the DID resolves. */
export class FileSeenStore implements SeenStore {
  readonly #file: LineFile;
  readonly #state: MemorySeenStore;
  // the change that is under way: one after the other
  #last: Promise<unknown> = Promise.resolve();

  private constructor(file: LineFile, state: MemorySeenStore) {
    [this.#file, this.#state] = [file, state];
  }

  /**
   * Opens the file, or makes it.
   * @param files `node:fs/promises`, imported whole
   * @param most logs that are kept; beyond it the one that was used longest ago is forgotten, as far as this process knows
   * @throws DidshakeError `own_failure` if the file cannot be read or written, or is none of this store; `caller` for fewer than 1,024 logs
   */
  static async open(path: string, files: Files, most = MOST_LOGS): Promise<FileSeenStore> {
    const state = new MemorySeenStore(most);
    const store = new FileSeenStore(new LineFile(path, files), state);
    await guarded(async () => {
      for (const line of await readLines(path, files)) state.put(...decode(line));
      await store.#rewrite();
    });
    return store;
  }

  /** See {@link SeenStore.newest}. */
  newest(scid: string): Promise<string | undefined> {
    return this.#change(() => this.#state.newest(scid));
  }

  /** See {@link SeenStore.replace}. Errors: `own_failure` if the file cannot be written; then open it anew. */
  replace(scid: string, from: string | undefined, to: string): Promise<boolean> {
    return this.#change(async () => {
      if ((await this.#state.newest(scid)) !== from) return false;
      await this.#file.append(`${scid} ${to}`);
      this.#state.put(scid, to);
      if (this.#file.written > REWRITE) await this.#rewrite();
      return true;
    });
  }

  /** Closes the file; the store is of no use afterwards. */
  close(): Promise<void> {
    return this.#change(() => this.#file.close());
  }

  #rewrite(): Promise<void> {
    return this.#file.rewrite(this.#state.entries().map((entry) => entry.join(" ")));
  }

  #change<T>(run: () => Promise<T>): Promise<T> {
    const next = this.#last.then(() => guarded(run));
    this.#last = next.catch(() => undefined);
    return next;
  }
}

function decode(line: string): [string, string] {
  const [, scid = "", versionId = "", hash = ""] = /^(\S+) ([1-9][0-9]*-(\S+))$/.exec(line) ?? [];
  if (!isHashText(scid) || !isHashText(hash)) throw new Error("a line of no store");
  return [scid, versionId];
}

async function guarded<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch {
    throw new DidshakeError("own_failure", { detail: "the file of what was seen of logs" });
  }
}
