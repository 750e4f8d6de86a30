import { concat, utf8 } from "./bytes.js";

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

const PRIVATE = 0o600;

/** The lines of a file; none where there is none. A last line that a crash has cut is left out: nobody was told of it. */
export async function readLines(path: string, files: Files): Promise<string[]> {
  const bytes = await files.readFile(path).catch((fault: { code?: string }) => {
    if (fault.code === "ENOENT") return new Uint8Array();
    throw fault;
  });
  return new TextDecoder().decode(bytes).split("\n").slice(0, -1);
}

/** A file of lines, for one process and for its owner alone: each line is on the disk before it counts. Whatever fails throws. */
export class LineFile {
  readonly #path: string;
  readonly #files: Files;
  #file: OpenFile | undefined;
  #written = 0;

  constructor(path: string, files: Files) {
    [this.#path, this.#files] = [path, files];
  }

  /** Bytes that were appended since the file was written anew. */
  get written(): number {
    return this.#written;
  }

  /** Adds a line. After a failure nothing is added until the file was written anew. */
  async append(line: string): Promise<void> {
    const file = this.#file;
    if (file === undefined) throw new Error("not open");
    const bytes = utf8(`${line}\n`);
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
  }

  /** Puts a file with these lines in the place of what is there, and opens it. */
  async rewrite(lines: readonly string[]): Promise<void> {
    const [path, files] = [`${this.#path}.new`, this.#files];
    const file = await files.open(path, "w", PRIVATE);
    await file.appendFile(concat(...lines.map((line) => utf8(`${line}\n`))));
    await file.sync();
    await files.rename(path, this.#path);
    await this.#file?.close();
    [this.#file, this.#written] = [file, 0];
    await syncFolder(this.#path, files);
  }

  /** Closes the file; nothing can be added afterwards. */
  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}

/** The rename is on the disk too, where the platform opens folders. */
async function syncFolder(path: string, files: Files): Promise<void> {
  const folder = await files.open(path.replace(/[^/]*$/, "") || ".", "r").catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}
