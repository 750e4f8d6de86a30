import * as files from "node:fs/promises";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { utf8 } from "../src/bytes.js";
import { toBase64url } from "../src/encoding.js";
import { systemRandom } from "../src/config.js";
import type { ReceivedLetter } from "../src/mailbox/envelope.js";
import { MailboxKeyPair } from "../src/mailbox/key.js";
import { FileMailboxStore, MemoryMailboxStore, type Files, type MailboxStore } from "../src/relay/index.js";
import { codeOf, newIdentity, NOW } from "./support/loopback.js";

const folder = mkdtempSync(join(tmpdir(), "didshake-store-"));
const opened: FileMailboxStore[] = [];
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Closed after the test. */
async function openFile(path: string, through: Files = files): Promise<FileMailboxStore> {
  const store = await FileMailboxStore.open(path, through);
  opened.push(store);
  return store;
}

const { did, signer } = newIdentity(1);
const letter = (id: number, from = did): ReceivedLetter => ({
  sender: { did: from, fragment: "", algorithm: 1, publicKey: signer.publicKey.bytes }, recipient: did,
  messageId: new Uint8Array(16).fill(id), sent: NOW, expires: NOW + 100 * id, contentType: "text/plain", content: utf8(`letter ${id} "$"`),
});
const newKey = async () => (await MailboxKeyPair.generate({ identity: { did, fragment: "", signer }, lifetime: 60, clock: () => NOW, random: systemRandom })).stored();

let count = 0;
const newPath = (): string => join(folder, `mailbox ${count++}`);
const kinds: [string, () => Promise<MailboxStore>][] = [
  ["memory", async () => new MemoryMailboxStore()], ["a file", () => openFile(newPath())],
];

// R-RLY-9
describe.each(kinds)("a store in %s", (_, open) => {
  it("hands each letter out once, in the order in which they came", async () => {
    const store = await open();
    expect(await store.take()).toBeUndefined();
    const letters = [letter(3), letter(1), letter(2)];
    for (const one of letters) expect(await store.keep(one)).toBe(true);
    expect(await store.keep(letter(1))).toBe(false);
    expect(await store.keep(letter(1, "did:web:other.example"))).toBe(true);
    expect(await Promise.all([store.take(), store.take(), store.take(), store.take(), store.take()])).toEqual([
      ...letters, letter(1, "did:web:other.example"), undefined,
    ]);
    expect(await store.keep(letter(3))).toBe(false);
  });

  it("knows what was handed out and not finished, and what came before until it expires", async () => {
    const store = await open();
    for (const id of [1, 2, 3]) await store.keep(letter(id));
    await store.finish(letter(1));
    for (const _ of [1, 2]) await store.take();
    await store.finish(letter(1));
    expect(await store.unfinished()).toEqual([letter(2)]);
    await store.sweep(NOW + 99);
    expect(await store.keep(letter(1))).toBe(false);
    await store.sweep(NOW + 1000);
    // 2 is not finished, and 3 not handed out: they stay
    expect([await store.keep(letter(1)), await store.keep(letter(2)), await store.keep(letter(3))]).toEqual([true, false, false]);
  });

  it("has keys until they are removed", async () => {
    const store = await open();
    const [a, b] = [await newKey(), await newKey()];
    await store.addKey(a);
    await store.addKey(b);
    expect(await store.keys()).toEqual([a, b]);
    await store.removeKey(a.signedKey);
    expect(await store.keys()).toEqual([b]);
  });
});

describe("the file of a store", () => {
  const left = async (path: string): Promise<unknown[]> => {
    const store = await openFile(path);
    return [await store.keys(), await store.unfinished(), await store.take(), await store.keep(letter(1))];
  };

  it("has everything when it is opened again, and is for its owner alone", async () => {
    const path = newPath();
    const [key, store] = [await newKey(), await openFile(path)];
    await store.addKey(key);
    for (const id of [1, 2, 3]) await store.keep(letter(id));
    for (const _ of [1, 2]) await store.take();
    await store.finish(letter(1));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const before = readFileSync(path);
    expect(await left(path)).toEqual([[key], [letter(2)], letter(3), false]);
    // and as opening it had written it
    writeFileSync(path, before);
    await openFile(path);
    for (const id of [1, 2]) expect(readFileSync(path, "utf8").includes(toBase64url(letter(id).content))).toBe(id === 2);
    expect(await left(path)).toEqual([[key], [letter(2)], letter(3), false]);
  });

  it("may be cut at any byte: what was told stays, and half a line is nothing", async () => {
    const path = newPath();
    const store = await openFile(path);
    await store.keep(letter(1));
    const one = readFileSync(path).length;
    await store.keep(letter(2));
    await store.close();
    const whole = readFileSync(path);
    for (let length = 0; length <= whole.length; length += 7) {
      writeFileSync(path, whole.subarray(0, length));
      const again = await openFile(path);
      expect(await again.take()).toEqual(length < one ? undefined : letter(1));
      expect(await again.keep(letter(2))).toBe(length < whole.length);
    }
  });

  it("holds no secret of a removed key", async () => {
    const path = newPath();
    const [key, store] = [await newKey(), await openFile(path)];
    const secret = toBase64url(key.secret);
    await store.addKey(key);
    expect(readFileSync(path, "utf8")).toContain(secret);
    await store.removeKey(key.signedKey);
    expect(readFileSync(path, "utf8")).not.toContain(secret);
  });

  it("is written no more after a failure, and nothing counts that is not on the disk", async () => {
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
    await store.keep(letter(1));
    full = true;
    expect(await codeOf(() => store.keep(letter(2)))).toBe("own_failure");
    full = false;
    expect(await codeOf(() => store.take())).toBe("own_failure");
    expect(await left(path)).toEqual([[], [], letter(1), false]);
  });

  it("is not opened where it is something else", async () => {
    const path = newPath();
    for (const text of ["words\n", '{"taken":"nobody"}\n']) {
      writeFileSync(path, text);
      expect(await codeOf(() => FileMailboxStore.open(path, files))).toBe("own_failure");
      expect(readFileSync(path, "utf8")).toBe(text);
    }
    expect(await codeOf(() => FileMailboxStore.open(join(folder, "absent", "file"), files))).toBe("own_failure");
  });
});
