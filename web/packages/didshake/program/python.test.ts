import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toHex } from "../src/bytes.js";
import { systemRandom } from "../src/config.js";
import { didKey } from "../src/keys.js";
import { Depositor } from "../src/relay/index.js";
import { SoftwareSigner } from "../src/signer.js";
import { newIdentity } from "../test/support/loopback.js";
import { mailboxAt, next, platform, saying, wordsOf } from "./support/agents.js";
import { startRelay, type Service } from "./support/service.js";

const PEER = fileURLToPath(new URL("../../../../examples/python-peer/mailbox.py", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "didshake-python-"));
let relay: Service;
beforeAll(async () => void (relay = await startRelay()));
afterAll(async () => {
  await relay?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What `mailbox.py` prints, by the interpreter that PYTHON names: one with the packages of its requirements.txt. */
async function python(...options: string[]): Promise<Record<string, string>[]> {
  const interpreter = process.env["PYTHON"];
  if (interpreter === undefined) throw new Error("PYTHON names no interpreter: cargo xtask test --only python makes target/python/bin/python");
  const { stdout } = await promisify(execFile)(interpreter, ["-B", PEER, ...options], { timeout: 120_000 });
  return stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as Record<string, string>);
}

/** A key file for `mailbox.py`, and the DID of it. */
function keyFile(name: string): { key: string; did: string } {
  const [key, secret] = [join(folder, name), systemRandom(32)];
  writeFileSync(key, toHex(secret));
  return { key, did: didKey(SoftwareSigner.fromSecret(1, secret).publicKey) };
}

describe("letters between this peer and the one in Python", () => {
  it("come from Python to TypeScript", async () => {
    const [owner, { key, did }] = [newIdentity(2), keyFile("sender")];
    const mailbox = await mailboxAt(relay, owner, { admit: { did } });
    const link = join(folder, "link");
    writeFileSync(link, JSON.stringify({ mailbox: mailbox.url, token: await mailbox.invite(), did: owner.did }));
    for (const words of ["eins", "zwei 🔑"]) expect(await python("send", link, words, "--key", key)).toMatchObject([{ state: "waiting" }]);
    const letters = await next(mailbox, 2);
    expect(letters.map((letter) => [letter.sender.did, letter.contentType, wordsOf(letter)])).toEqual([
      [did, "text/plain;charset=utf-8", "eins"], [did, "text/plain;charset=utf-8", "zwei 🔑"],
    ]);
  });

  it("come from TypeScript to Python", async () => {
    const [sender, { key, did }] = [newIdentity(2, "jwk"), keyFile("owner")];
    const at = [relay.origin, "--expect", relay.did, "--key", key, "--store", join(folder, "store")];
    const [link] = await python("open", ...at);
    expect(link?.["did"]).toBe(did);
    const { mailbox = "", token = "" } = link ?? {};
    const contact = new Depositor({ ...platform, mailbox, token, recipient: did, identity: sender, fetch });
    const [first, second] = [await contact.send(saying("one")), await contact.send(saying("zwei 🔑"))];
    expect((await python("read", ...at, "--admit", sender.did)).map(({ from, text }) => [from, text])).toEqual([[sender.did, "one"], [sender.did, "zwei 🔑"]]);
    expect((await contact.states([first.deposit, second.deposit])).map(({ state }) => state)).toEqual(["taken", "taken"]);
    expect(await python("read", ...at, "--admit", sender.did)).toEqual([]);
  });
});
