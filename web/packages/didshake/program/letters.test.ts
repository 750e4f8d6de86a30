import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cardLink, cardOfLink, DepositToken, makeCard, verifyCard } from "../src/card/index.js";
import { fromBase64url, toBase64url } from "../src/encoding.js";
import { Depositor } from "../src/relay/index.js";
import { newIdentity } from "../test/support/loopback.js";
import { mailboxAt, next, platform, saying, wordsOf } from "./support/agents.js";
import { startRelay, type Service } from "./support/service.js";

const home = mkdtempSync(join(tmpdir(), "didshake-letters-"));
let relay: Service;
let bob = "";
beforeAll(async () => {
  relay = await startRelay();
  bob = (await didshake("id", "new", "bob"))[0]?.["did"] ?? "";
  await didshake("mailbox", "open", relay.origin, "--expect", relay.did);
});
afterAll(async () => {
  await relay?.stop();
  rmSync(home, { recursive: true, force: true });
});

type Printed = Readonly<Record<string, string>>;

/** What the program prints for Bob, line by line. */
async function didshake(...options: string[]): Promise<Printed[]> {
  const program = process.env["DIDSHAKE"];
  if (program === undefined) throw new Error("DIDSHAKE names no program: cargo build --release, then DIDSHAKE=…/target/release/didshake");
  const env = { PATH: process.env["PATH"], HOME: home };
  const { stdout } = await promisify(execFile)(program, ["--json", ...options], { timeout: 60_000, env });
  return stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as Printed);
}

describe("letters between this peer and the program, by contact cards", () => {
  it("come from here to the program", async () => {
    const alice = newIdentity(1);
    const [shared] = await didshake("id", "share", "--for", "alice", "--name", "Bob");
    const card = await verifyCard(cardOfLink(shared?.["link"] ?? ""), { ...platform, meant: { any: true } });
    expect([card.owner.did, card.name, card.mailbox?.url.startsWith(`${relay.origin}/m/`)]).toEqual([bob, "Bob", true]);
    const token = toBase64url(card.mailbox?.token?.bytes() ?? new Uint8Array());
    const contact = new Depositor({ ...platform, mailbox: card.mailbox?.url ?? "", token, recipient: bob, identity: alice, fetch });
    await didshake("peer", "add", cardLink(await makeCard({ ...platform, identity: alice, endpoints: [] })), "--name", "alice");
    const sent = [await contact.send(saying("one")), await contact.send(saying("zwei 🔑"))];
    expect(await didshake("inbox")).toMatchObject([{ text: "one" }, { text: "zwei 🔑" }]);
    expect((await contact.states(sent.map(({ deposit }) => deposit))).map(({ state }) => state)).toEqual(["taken", "taken"]);
    expect(await didshake("inbox")).toEqual([]);
  });

  it("come from the program to here", async () => {
    const carol = newIdentity(2, "jwk");
    const mailbox = await mailboxAt(relay, carol, { admit: { did: bob } });
    const token = new DepositToken(fromBase64url(await mailbox.invite()) ?? new Uint8Array());
    const card = await makeCard({ ...platform, identity: carol, endpoints: [], mailbox: { url: mailbox.url, token } });
    await didshake("peer", "add", cardLink(card), "--name", "carol");
    for (const words of ["eins", "two 🔑"]) await didshake("send", "carol", words);
    const letters = await next(mailbox, 2);
    expect(letters.map((letter) => [letter.sender.did, wordsOf(letter)])).toEqual([[bob, "eins"], [bob, "two 🔑"]]);
  });
});
