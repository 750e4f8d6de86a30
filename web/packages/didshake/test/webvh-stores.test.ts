import * as files from "node:fs/promises";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { utf8 } from "../src/bytes.js";
import { FileSeenStore, MemorySeenStore, type Files, type SeenStore } from "../src/webvh/index.js";
import { hashText } from "../src/webvh/hashes.js";
import { codeOf } from "./support/loopback.js";

const folder = mkdtempSync(join(tmpdir(), "didshake-seen-"));
const opened: FileSeenStore[] = [];
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Closed after the test. */
async function openFile(path: string, through: Files = files, most = 1024): Promise<FileSeenStore> {
  const store = await FileSeenStore.open(path, through, most);
  opened.push(store);
  return store;
}

let count = 0;
const newPath = (): string => join(folder, `seen ${count++}`);
const scid = (number: number): string => hashText(utf8(`log ${number}`));
const version = (number: number, of = 0): string => `${number}-${hashText(utf8(`version ${of}`))}`;
const kinds: [string, (most?: number) => Promise<SeenStore>][] = [
  ["memory", async (most) => new MemorySeenStore(most)], ["a file", (most) => openFile(newPath(), files, most)],
];

describe.each(kinds)("what was seen, in %s", (_, open) => {
  it("is replaced by whoever knows what it is", async () => {
    const store = await open();
    expect(await store.newest(scid(1))).toBeUndefined();
    expect(await store.replace(scid(1), version(1), version(2))).toBe(false);
    expect(await store.replace(scid(1), undefined, version(1))).toBe(true);
    const all = [1, 2, 3].map((of) => store.replace(scid(1), version(1), version(2, of)));
    expect((await Promise.all(all)).filter((done) => done)).toHaveLength(1);
    expect(await store.newest(scid(1))).toBe(version(2, 1));
    expect(await store.newest(scid(2))).toBeUndefined();
  });

  it("is forgotten of the log that was used longest ago, and of none while there are few", async () => {
    expect(await codeOf(() => open(1023))).toBe("caller");
    const store = await open(1024);
    for (let number = 0; number < 1024; number++) await store.replace(scid(number), undefined, version(1));
    const known = async (...numbers: number[]): Promise<boolean[]> =>
      Promise.all(numbers.map(async (number) => (await store.newest(scid(number))) !== undefined));
    // one that is steady, and one that has changed
    expect(await known(0)).toEqual([true]);
    await store.replace(scid(1), version(1), version(2));
    await store.replace(scid(1024), undefined, version(1));
    expect(await known(0, 1, 2, 3, 1024)).toEqual([true, true, false, true, true]);
    await store.replace(scid(1025), undefined, version(1));
    expect(await known(0, 1, 3, 4)).toEqual([true, true, true, false]);
  });
});

describe("the file of what was seen", () => {
  it("has everything when it is opened again, for its owner alone, in the order in which logs advanced", async () => {
    const path = newPath();
    const store = await openFile(path);
    for (const number of [1, 2, 3]) await store.replace(scid(number), undefined, version(1));
    await store.replace(scid(1), version(1), version(2));
    await store.close();
    expect(await codeOf(() => store.replace(scid(4), undefined, version(1)))).toBe("own_failure");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const again = await openFile(path);
    const lines = [[2, 1], [3, 1], [1, 2]].map(([log = 0, number = 0]) => `${scid(log)} ${version(number)}\n`);
    expect(readFileSync(path, "utf8")).toBe(lines.join(""));
    expect(await again.newest(scid(1))).toBe(version(2));
  });

  it("may be cut at any byte: what was told stays", async () => {
    const path = newPath();
    const store = await openFile(path);
    await store.replace(scid(1), undefined, version(1));
    const one = readFileSync(path).length;
    await store.replace(scid(1), version(1), version(2));
    await store.close();
    const whole = readFileSync(path);
    for (let length = 0; length <= whole.length; length += 5) {
      writeFileSync(path, whole.subarray(0, length));
      const cut = await openFile(path);
      expect(await cut.newest(scid(1)), `${length}`).toBe(length < one ? undefined : version(length < whole.length ? 1 : 2));
      await cut.close();
    }
  });

  it("tells nobody what is not on the disk", async () => {
    const path = newPath();
    let full = false;
    const failing: Files = {
      ...files,
      open: async (...how) => {
        const file = await files.open(...how);
        return {
          appendFile: async (data) => (full ? file.appendFile(data.subarray(0, 9)).then(() => Promise.reject(new Error("ENOSPC"))) : file.appendFile(data)),
          sync: () => file.sync(), close: () => file.close(),
        };
      },
    };
    const store = await openFile(path, failing);
    await store.replace(scid(1), undefined, version(1));
    full = true;
    expect(await codeOf(() => store.replace(scid(1), version(1), version(2)))).toBe("own_failure");
    full = false;
    expect(await codeOf(() => store.replace(scid(1), version(1), version(2)))).toBe("own_failure");
    expect(await store.newest(scid(1))).toBe(version(1));
    expect(await (await openFile(path)).newest(scid(1))).toBe(version(1));
  });

  it("is not opened where it is something else", async () => {
    const path = newPath();
    for (const text of ["words\n", `${scid(1)} 1-word\n`, `${scid(1)} 0-${scid(2)}\n`, `${scid(1)} ${version(1)} more\n`, "\n"]) {
      writeFileSync(path, text);
      expect(await codeOf(() => FileSeenStore.open(path, files)), text).toBe("own_failure");
      expect(readFileSync(path, "utf8")).toBe(text);
    }
  });
});
