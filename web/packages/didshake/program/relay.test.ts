import * as files from "node:fs/promises";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock, systemRandom, type LocalIdentity } from "../src/config.js";
import { toBase64url } from "../src/encoding.js";
import { DidshakeError } from "../src/errors.js";
import { login } from "../src/login.js";
import { GRACE, MailboxKeyPair } from "../src/mailbox/index.js";
import { FileMailboxStore, MemoryMailboxStore, RelayOwner, RelayRefusal, tokenHash, type RelayCode } from "../src/relay/index.js";
import { codeOf, newIdentity } from "../test/support/loopback.js";
import { contactOf, mailboxAt, next, ownerAt, platform, saying, wordsOf } from "./support/agents.js";
import { startProxy } from "./support/proxy.js";
import { startRelay, type Service } from "./support/service.js";

let relay: Service;
const folder = mkdtempSync(join(tmpdir(), "didshake-mailbox-"));
beforeAll(async () => void (relay = await startRelay()));
afterAll(async () => {
  await relay?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const reasonOf = (run: Promise<unknown>): Promise<RelayCode | string | undefined> =>
  run.then(() => "taken", (fault) => (fault instanceof RelayRefusal ? fault.reason : String(fault)));
const numbers = (count: number, word: string): string[] => Array.from({ length: count }, (_, at) => `${word} ${at}`);

// R-RLY-2, R-RLY-9
describe("letters through the program's relay", () => {
  for (const push of ["events", "poll"] as const) {
    it(`come in the order of each sender, once, and their senders learn it (${push})`, async () => {
      const owner = newIdentity(1);
      const mailbox = await mailboxAt(relay, owner);
      const senders = await Promise.all([newIdentity(1), newIdentity(2, "jwk")].map(async (identity) => {
        const contact = await contactOf(mailbox, owner.did, identity);
        const early = await contact.send(saying("early"));
        expect(early.state).toBe("waiting");
        return { identity, contact, early };
      }));
      const letters = await next(mailbox, 2, push);
      const reading = next(mailbox, 12, push);
      await Promise.all(senders.map(async ({ contact }) => {
        for (const words of numbers(6, "word")) await contact.send(saying(words));
      }));
      letters.push(...(await reading));
      for (const { identity, contact, early } of senders) {
        expect(letters.filter(({ sender }) => sender.did === identity.did).map(wordsOf)).toEqual(["early", ...numbers(6, "word")]);
        // answered before it was handed out
        expect(await contact.states([early.deposit, toBase64url(new Uint8Array(16))])).toEqual([
          { deposit: early.deposit, state: "taken" }, { deposit: toBase64url(new Uint8Array(16)), state: "unknown" },
        ]);
      }
      expect((await mailbox.unfinished()).length).toBe(14);
    });
  }

  it("are handed out once, whatever is deposited twice", async () => {
    const owner = newIdentity(1);
    const mailbox = await mailboxAt(relay, owner);
    const [one, other] = [await contactOf(mailbox, owner.did), await contactOf(mailbox, owner.did)];
    const sealed = await Promise.all(numbers(3, "letter").map((words) => one.seal(saying(words))));
    const first = await one.deposit(sealed);
    expect(await one.deposit(sealed)).toEqual(first);
    await mailbox.collect();
    // under another token the relay makes other deposits of them: the message id tells
    await other.deposit(sealed);
    await other.send(saying("the last"));
    expect((await next(mailbox, 4)).map(wordsOf)).toEqual([...numbers(3, "letter"), "the last"]);
    expect((await other.states(first.map(({ deposit }) => deposit))).map(({ state }) => state)).toEqual(["taken", "taken", "taken"]);
  });

  it("are refused where their sender is not admitted, and are no letters of ours", async () => {
    const [owner, friend, stranger] = [newIdentity(1), newIdentity(1), newIdentity(1)];
    const mailbox = await mailboxAt(relay, owner, { admit: { did: friend.did } });
    const strange = await (await contactOf(mailbox, owner.did, stranger)).send(saying("hello"));
    const contact = await contactOf(mailbox, owner.did, friend);
    await contact.send(saying("it is me"));
    const other = await contactOf(await mailboxAt(relay, friend), friend.did);
    const misplaced = await other.seal(saying("for another"));
    const [wrong] = await contact.deposit([misplaced]);
    expect((await next(mailbox, 1)).map(wordsOf)).toEqual(["it is me"]);
    await mailbox.collect();
    expect((await contact.states([wrong?.deposit as string])).map(({ state }) => state)).toEqual(["refused"]);
    expect(await contact.states([strange.deposit])).toEqual([{ deposit: strange.deposit, state: "unknown" }]);
  });

  it("wait, with all that came after them from one sender, while its DID cannot be resolved", async () => {
    const owner = newIdentity(1);
    const { signer } = newIdentity(1);
    const away: LocalIdentity = { did: "did:web:away.example", fragment: "key", signer };
    const text = JSON.stringify({
      id: away.did, authentication: ["#key"],
      verificationMethod: [{ id: "#key", type: "JsonWebKey", controller: away.did, publicKeyJwk: { kty: "OKP", crv: "Ed25519", x: toBase64url(signer.publicKey.bytes) } }],
    });
    let [reachable, asked] = [false, 0];
    const resolver = {
      methods: ["web"],
      resolve: async () => {
        asked += 1;
        return reachable ? { kind: "document" as const, bytes: new TextEncoder().encode(text) } : { kind: "failed" as const };
      },
    };
    const mailbox = await mailboxAt(relay, owner, { resolvers: [resolver] });
    const [slow, quick] = [await contactOf(mailbox, owner.did, away), await contactOf(mailbox, owner.did)];
    for (const words of ["one", "two"]) await slow.send(saying(words));
    await quick.send(saying("meanwhile"));
    expect((await next(mailbox, 1)).map(wordsOf)).toEqual(["meanwhile"]);
    expect(asked).toBe(1);
    reachable = true;
    expect((await next(mailbox, 2)).map(wordsOf)).toEqual(["one", "two"]);
  });
});

// R-RLY-3, R-RLY-4, R-RLY-7, R-RLY-9, R-RLY-10
describe("an owner", () => {
  it("opens a mailbox, finds it, and closes it for good", async () => {
    const identity = newIdentity(2);
    const owner = ownerAt(relay, identity);
    expect(await reasonOf(owner.status())).toBe("no_mailbox");
    const status = await owner.open();
    expect(status).toMatchObject({ waiting: 0, bytes: 0, key: null, keyEnds: null });
    expect(status.url).toMatch(new RegExp(`^${relay.origin}/m/[\\w-]{22}$`));
    expect((await owner.open()).url).toBe(status.url);
    const mailbox = await mailboxAt(relay, identity);
    const contact = await contactOf(mailbox, identity.did);
    await contact.send(saying("never read"));
    expect(await owner.status()).toMatchObject({ waiting: 1, url: status.url });
    await owner.remove();
    expect(await reasonOf(contact.send(saying("too late")))).toBe("token");
    expect((await owner.open()).url).not.toBe(status.url);
  });

  it("lets tokens in, bounds them, lists them, and revokes them", async () => {
    const identity = newIdentity(1);
    const mailbox = await mailboxAt(relay, identity);
    const owner = ownerAt(relay, identity);
    const expires = systemClock() + 1000;
    const token = await mailbox.invite({ waiting: 2, expires });
    const contact = await contactOf(mailbox, identity.did, newIdentity(1), token);
    await contact.send(saying("one"));
    const both = await Promise.all(["two", "three"].map((words) => contact.seal(saying(words))));
    expect(await reasonOf(contact.deposit(both))).toBe("full");
    // all, or none
    expect(await owner.tokens()).toEqual([
      { hash: tokenHash(token), expires, waiting: 2, bytes: null, waitingNow: 1, bytesNow: both[0]?.envelope.length },
    ]);
    await owner.revoke(tokenHash(token));
    expect(await reasonOf(contact.send(saying("two")))).toBe("token");
    expect(await reasonOf(owner.revoke(tokenHash(token)))).toBe("no_token");
    expect((await next(mailbox, 1)).map(wordsOf)).toEqual(["one"]);
  });

  it("publishes a new key when half of the old one's time is over, and takes letters under both", async () => {
    const identity = newIdentity(1);
    let ahead = 0;
    const store = new MemoryMailboxStore();
    const mailbox = await mailboxAt(relay, identity, { store, keyLifetime: 100, clock: () => systemClock() + ahead });
    const contact = await contactOf(mailbox, identity.did);
    const before = await contact.key();
    await contact.send(saying("under the old key"));
    await mailbox.renewKeys();
    expect((await store.keys()).length).toBe(1);
    ahead = 55;
    await mailbox.renewKeys();
    const another = await contactOf(mailbox, identity.did);
    expect(toBase64url((await another.key()).id)).not.toBe(toBase64url(before.id));
    expect((await ownerAt(relay, identity).status()).key).toBe(toBase64url((await another.key()).id));
    await another.send(saying("under the new key"));
    expect((await next(mailbox, 2)).map(wordsOf)).toEqual(["under the old key", "under the new key"]);
    // opened again with the same store it has the same keys, but for one whose grace is over: that is destroyed
    const over = await MailboxKeyPair.generate({ identity, begins: systemClock() - GRACE - 10, lifetime: 10, clock: systemClock, random: systemRandom });
    await store.addKey(over.stored());
    const kept = (await store.keys()).map(({ signedKey }) => toBase64url(signedKey));
    await mailboxAt(relay, identity, { store, keyLifetime: 100, clock: () => systemClock() + ahead });
    expect((await store.keys()).map(({ signedKey }) => toBase64url(signedKey))).toEqual(kept.slice(0, 2));
  });

  it("is shown deposits as they come, until it has enough, and they stay until they are answered", async () => {
    const identity = newIdentity(1);
    const mailbox = await mailboxAt(relay, identity);
    const [owner, contact] = [ownerAt(relay, identity), await contactOf(mailbox, identity.did)];
    const stop = new AbortController();
    const [events, poll] = [owner.events({ signal: stop.signal }), owner.deposits({ wait: 30, signal: stop.signal })];
    const first = events.next();
    const sent = [await contact.send(saying("one")), await contact.send(saying("two"))];
    const shown = [(await first).value, (await events.next()).value];
    expect(shown.map((one) => one && [one.expires, toBase64url(one.envelope)])).toEqual(sent.map(({ expires, envelope }) => [expires, toBase64url(envelope)]));
    const sequences = shown.map((one) => one?.sequence as number);
    expect((await poll)[0]?.sequence).toBe(sequences[0]);
    const [waiting, more] = [events.next(), owner.deposits({ after: sequences[1] as number, wait: 30, signal: stop.signal })];
    stop.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await expect(more).rejects.toThrow("enough");
    expect((await owner.deposits({ after: sequences[0] as number })).map(({ sequence }) => sequence)).toEqual([sequences[1]]);
    expect((await owner.deposits({ limit: 1 })).map(({ sequence }) => sequence)).toEqual([sequences[0]]);
    await owner.answer({ taken: [sequences[0] as number], refused: [sequences[1] as number] });
    expect((await contact.states(sent.map(({ deposit }) => deposit))).map(({ state }) => state)).toEqual(["taken", "refused"]);
    expect(await owner.deposits()).toEqual([]);
  });

  it("shows nobody a key, and answers no letter, that its store does not have", async () => {
    const identity = newIdentity(1);
    const full = (): Promise<never> => Promise.reject(new DidshakeError("own_failure", { detail: "the disk is full" }));
    const [owner, noKeys, noLetters] = [ownerAt(relay, identity), new MemoryMailboxStore(), new MemoryMailboxStore()];
    noKeys.addKey = full;
    expect(await codeOf(() => mailboxAt(relay, identity, { store: noKeys }))).toBe("own_failure");
    expect((await owner.status()).key).toBeNull();
    const mailbox = await mailboxAt(relay, identity, { store: noLetters });
    const contact = await contactOf(mailbox, identity.did);
    const { deposit } = await contact.send(saying("words"));
    noLetters.keep = full;
    expect(await codeOf(() => mailbox.collect())).toBe("own_failure");
    expect(await codeOf(() => next(mailbox, 1))).toBe("own_failure");
    expect((await contact.states([deposit]))[0]?.state).toBe("waiting");
  });

  it("logs in again when the relay no longer honours its session", async () => {
    const identity = newIdentity(1);
    const [owner, other] = [ownerAt(relay, identity), ownerAt(relay, identity)];
    const { url } = await owner.open();
    const session = await login({ ...platform, url: `${relay.origin}/didshake`, meant: { did: relay.did }, identity, fetch });
    // ends all of them
    expect((await session.fetch("/v1/sessions", { method: "DELETE" })).status).toBe(204);
    expect((await owner.status()).url).toBe(url);
    expect((await other.status()).url).toBe(url);
    owner.end();
    expect((await owner.status()).url).toBe(url);
  });
});

describe("a relay that is killed", () => {
  it("loses nothing, and nothing is handed out twice by an owner that dies too", async () => {
    let service = await startRelay();
    const path = join(folder, "mailbox");
    const owner = newIdentity(1);
    let store = await FileMailboxStore.open(path, files);
    let mailbox = await mailboxAt(service, owner, { store });
    const contact = await contactOf(mailbox, owner.did);
    const heard: string[] = [];
    const words = numbers(60, "word");
    const unsent = [...words];
    let sealed: Awaited<ReturnType<typeof contact.seal>> | undefined;
    for (let round = 0; round < 4; round++) {
      const stop = new AbortController();
      const reading = (async () => {
        for await (const letter of mailbox.letters({ signal: stop.signal })) {
          heard.push(wordsOf(letter));
          await mailbox.finish(letter);
        }
      })();
      let failure: unknown;
      reading.catch((fault) => (failure = fault));
      const killed = round < 3 ? new Promise((resolve) => setTimeout(resolve, 150)).then(() => service.kill("SIGKILL")) : undefined;
      while (unsent.length > 0) {
        try {
          // the same bytes again after a failure
          sealed ??= await contact.seal(saying(unsent[0] as string));
          await contact.deposit([sealed]);
          unsent.shift();
          sealed = undefined;
          if (round < 3 && unsent.length <= 45 - 15 * round) await killed;
        } catch {
          break;
        }
      }
      await killed;
      if (round === 3) while (heard.length < words.length && failure === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
      // the reader waits for the relay to come back, and for more
      expect(failure).toBeUndefined();
      stop.abort(new Error("enough"));
      await expect(reading).rejects.toThrow("enough");
      await store.close();
      if (round === 3) break;
      service = await startRelay({ port: service.port, home: service.home });
      store = await FileMailboxStore.open(path, files);
      mailbox = await mailboxAt(service, owner, { store });
    }
    await service.stop();
    expect(heard).toEqual(words);
  });
});

// R-RLY-8
describe("on the wire", () => {
  it("no connection carries both a deposit and a signed request", async () => {
    const proxy = await startProxy();
    const service = await startRelay({ settings: { PUBLIC_URL: proxy.origin } });
    proxy.forward(service.port);
    const owner = newIdentity(1);
    const mailbox = await mailboxAt(service, owner);
    const contact = await contactOf(mailbox, owner.did);
    for (const words of numbers(5, "word")) {
      await contact.send(saying(words));
      await mailbox.collect();
    }
    expect((await next(mailbox, 5)).map(wordsOf)).toEqual(numbers(5, "word"));
    proxy.stop();
    await service.stop();
    const [signed, deposits] = [/^signature-input:/im, /^authorization: DIDShake-Deposit/im].map((field) => proxy.connections.filter((sent) => field.test(sent)));
    expect([signed?.length, deposits?.length].every((count) => (count ?? 0) > 0)).toBe(true);
    expect(deposits?.filter((sent) => /signature|cookie|didshake-state|did:key/i.test(sent))).toEqual([]);
    expect(await codeOf(() => contact.send(saying("nobody is there")))).toBe("transport");
  });
});

describe("a relay that lies", () => {
  /** An owner at the relay; to requests for this path somebody else answers. */
  const lying = (path: string, answer: string): RelayOwner => new RelayOwner({
    ...platform, url: `${relay.origin}/didshake`, meant: { did: relay.did }, identity: newIdentity(1),
    fetch: async (url, init) =>
      url.startsWith(`${relay.origin}${path}`) ? new Response(answer, { headers: { "Content-Type": "application/json" } }) : fetch(url, init),
  });

  it("cannot have us go round for ever", async () => {
    const shown = `{"deposits":[{"sequence":1,"expires":9999999999,"envelope":"IQEA"}]}`;
    expect((await lying("/v1/mailbox/deposits", shown).deposits()).length).toBe(1);
    expect(await codeOf(() => lying("/v1/mailbox/deposits", shown).deposits({ after: 1 }))).toBe("transport");
    const twice = shown.replace("[{", `[{"sequence":1,"expires":9999999999,"envelope":"IQEA"},{`);
    expect(await codeOf(() => lying("/v1/mailbox/deposits", twice).deposits())).toBe("transport");
  });

  it("cannot have others write to us elsewhere", async () => {
    const url = "https://elsewhere.example/m/AAAAAAAAAAAAAAAAAAAAAA";
    const limits = `{"waiting":1,"bytes":1,"tokens":1,"seconds":1}`;
    const status = (at: string): string => `{"url":"${at}","waiting":0,"bytes":0,"limits":${limits},"key":null,"key_ends":null}`;
    const ours = url.replace("https://elsewhere.example", relay.origin);
    expect((await lying("/v1/mailbox", status(ours)).open()).url).toBe(ours);
    expect(await codeOf(() => lying("/v1/mailbox", status(url)).open())).toBe("transport");
  });
});
