import { systemClock, type LocalIdentity } from "../src/config.js";
import { didKey } from "../src/keys.js";
import { toBase64url } from "../src/encoding.js";
import { Depositor, IndexedMailboxStore, RelayRefusal, type Receiving } from "../src/relay/index.js";
import { connectWebSocket } from "../src/websocket/index.js";
import { SignerStore, WebCryptoSigner } from "../src/webcrypto.js";
import { contactOf, mailboxAt, next, platform, saying, wordsOf, type Relay } from "../program/support/agents.js";
import { newIdentity } from "../test/support/loopback.js";
import { same } from "../test/support/vector.js";

/** The owner of the mailbox: a key of this profile. */
async function owner(): Promise<LocalIdentity> {
  const signers = await SignerStore.open("letters");
  let signer = await signers.get("owner");
  if (signer === undefined) await signers.add("owner", (signer = await WebCryptoSigner.generate()));
  signers.close();
  return { did: didKey(signer.publicKey), fragment: "", signer };
}

/** Letters from this page to itself, by way of the relay whose origin it has; gives what was read. */
export async function letters(did: string, words: string[], push: Receiving["push"]): Promise<string[]> {
  const relay: Relay = { origin: location.origin, did };
  const [identity, store] = [await owner(), await IndexedMailboxStore.open()];
  const mailbox = await mailboxAt(relay, identity, { store });
  const contact = await contactOf(mailbox, identity.did, newIdentity(2));
  const reading = next(mailbox, words.length, push);
  for (const one of words) {
    const sealed = await contact.seal(saying(one));
    // the second time it is the same deposit
    same(JSON.stringify(await contact.deposit([sealed])).length, JSON.stringify(await contact.deposit([sealed])).length, "deposits");
  }
  const read = await reading;
  // one stays unfinished
  for (const letter of read.slice(1)) await mailbox.finish(letter);
  store.close();
  return read.map(wordsOf);
}

/** A new token for the mailbox of this page, and what else a contact is told. */
export async function invited(did: string): Promise<{ mailbox: string; token: string; recipient: string }> {
  const [identity, store] = [await owner(), await IndexedMailboxStore.open()];
  const mailbox = await mailboxAt({ origin: location.origin, did }, identity, { store });
  const token = await mailbox.invite();
  store.close();
  return { mailbox: mailbox.url, token, recipient: identity.did };
}

/** Leaves letters in the mailbox of a page of another origin; gives their states, and what a wrong token gets. */
export async function leave(link: { mailbox: string; token: string; recipient: string }, words: string[]): Promise<string[]> {
  const contact = new Depositor({ ...platform, ...link, identity: newIdentity(2), fetch });
  for (const one of words) await contact.send(saying(one));
  const sent = await contact.deposit([await contact.seal(saying(words[0] ?? ""))]);
  const states = await contact.states(sent.map(({ deposit }) => deposit));
  const wrong = new Depositor({ ...platform, ...link, token: toBase64url(new Uint8Array(32)), identity: newIdentity(2), fetch });
  const refused = await wrong.send(saying("no")).then(() => "taken", (fault) => (fault instanceof RelayRefusal ? fault.reason : fault));
  return [...states.map(({ state }) => state), String(refused)];
}

/** A login over the browser's own WebSocket at the program's service, closed in order; gives whom it has met. */
export async function overWebSocket(origin: string, did: string): Promise<string> {
  const channel = await connectWebSocket({
    ...platform, url: `${origin.replace("http", "ws")}/didshake`, identity: await owner(), meant: { did },
    applicationProtocol: "didshake.login/1",
  });
  await channel.close();
  same(await channel.receive(), undefined, "what comes after a close");
  return channel.established.peer.did;
}

/** What is in the store of this profile: mailbox keys, letters that are unfinished, and one that was not handed out. */
export async function stored(): Promise<{ keys: number; unfinished: string[]; next: string | undefined }> {
  const store = await IndexedMailboxStore.open();
  const [keys, unfinished, left] = [await store.keys(), await store.unfinished(), await store.take()];
  store.close();
  return { keys: keys.length, unfinished: unfinished.map(wordsOf), next: left && wordsOf(left) };
}

/** Keeps letters without handing them out, each twice; gives how many were new. */
export async function keep(count: number): Promise<number> {
  const store = await IndexedMailboxStore.open();
  const { did, signer } = newIdentity(1);
  const now = systemClock();
  let fresh = 0;
  for (let i = 0; i < 2 * count; i++) {
    const kept = await store.keep({
      sender: { did: "did:web:sender.example", fragment: "x", algorithm: 1, publicKey: signer.publicKey.bytes }, recipient: did,
      messageId: new Uint8Array(16).fill(i >> 1), sent: now, expires: now + 100, contentType: "text/plain", content: Uint8Array.of(i >> 1),
    });
    if (kept) fresh += 1;
  }
  store.close();
  return fresh;
}

/** Hands out what there is; other tabs do too. Gives the numbers of what came here. */
export async function take(): Promise<number[]> {
  const store = await IndexedMailboxStore.open();
  const mine: number[] = [];
  for (let letter = await store.take(); letter !== undefined; letter = await store.take()) {
    mine.push(letter.content[0] as number);
    await store.finish(letter);
  }
  await store.sweep(systemClock() + 1000);
  store.close();
  return mine;
}
