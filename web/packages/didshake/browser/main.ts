import { utf8 } from "../src/bytes.js";
import { systemClock, systemRandom, type LocalIdentity } from "../src/config.js";
import { didKey } from "../src/keys.js";
import { login } from "../src/login.js";
import { verify, type Algorithm } from "../src/signatures.js";
import { SignerStore, WebCryptoSigner } from "../src/webcrypto.js";
import { connectWebSocket } from "../src/websocket/index.js";
import { handshake, newIdentity, pair } from "../test/support/loopback.js";
import { runCard } from "../test/support/card.js";
import { runMailbox } from "../test/support/mailbox.js";
import { runRequest } from "../test/support/requests.js";
import { runHandshake } from "../test/support/run.js";
import { runWebvh } from "../test/support/webvh.js";
import { runSigned } from "../test/support/signed.js";
import * as relay from "./letters.js";
import * as logs from "./logs.js";
import { assert, same, type CardVector, type MailboxVector, type VectorSet, type WebvhVector } from "../test/support/vector.js";

const ALGORITHMS: readonly Algorithm[] = [1, 2];

export interface VectorReport { handshakes: number; signed: number; requests: number; letters: number; cards: number; logs: number; failures: string[] }

/** Every vector, as in Node; and every positive once more with keys of the platform. */
async function vectors(): Promise<VectorReport> {
  const set = (await (await fetch("/vectors.json")).json()) as VectorSet & { mailbox: MailboxVector[]; card: CardVector[]; webvh: WebvhVector[] };
  const failures: string[] = [];
  let [handshakes, signed, requests, letters, cards, histories] = [0, 0, 0, 0, 0, 0];
  for (const vector of set.handshakes) {
    await runHandshake(vector).then(() => handshakes++, (fault) => failures.push(`${vector.id}: ${String(fault)}`));
  }
  for (const vector of set.handshakes.filter(({ kind }) => kind === "positive")) {
    await runSigned(vector).then(() => signed++, (fault) => failures.push(`${vector.id}, signed by the platform: ${String(fault)}`));
  }
  for (const vector of set.requests) {
    await runRequest(vector).then(() => requests++, (fault) => failures.push(`${vector.id}: ${String(fault)}`));
  }
  for (const vector of set.mailbox) {
    await runMailbox(vector).then(() => letters++, (fault) => failures.push(`${vector.id}: ${String(fault)}`));
  }
  for (const vector of set.card) {
    await runCard(vector).then(() => cards++, (fault) => failures.push(`${vector.id}: ${String(fault)}`));
  }
  for (const vector of set.webvh) {
    await runWebvh(vector).then(() => histories++, (fault) => failures.push(`${vector.id}: ${String(fault)}`));
  }
  return { handshakes, signed, requests, letters, cards, logs: histories, failures };
}

/** Makes a key of each algorithm and stores it; gives the DIDs. */
async function makeKeys(): Promise<string[]> {
  const store = await SignerStore.open();
  const dids: string[] = [];
  for (const algorithm of ALGORITHMS) {
    const signer = await WebCryptoSigner.generate(algorithm);
    await store.add(`draft ${algorithm}`, signer);
    await store.rename(`draft ${algorithm}`, `key ${algorithm}`);
    dids.push(didKey(signer.publicKey));
  }
  const twice = await store.add("key 1", await WebCryptoSigner.generate(1)).then(() => "stored", (fault) => fault.code as string);
  same(twice, "own_failure", "a name twice");
  for (const [from, to] of [["key 1", "key 2"], ["key 3", "key 4"]] as const) {
    const renamed = await store.rename(from, to).then(() => "renamed", (fault) => fault.code as string);
    same(renamed, "own_failure", "a name that is taken, a key that is not there");
  }
  store.close();
  return dids;
}

async function loadKeys(): Promise<WebCryptoSigner[]> {
  const store = await SignerStore.open();
  same((await store.names()).join(), "key 1,key 2", "names");
  const signers = await Promise.all(ALGORITHMS.map((algorithm) => store.get(`key ${algorithm}`)));
  store.close();
  return signers.map((signer) => signer ?? assert(false, "the key is gone") as never);
}

/** The name of the error with which a private key refuses to be exported. */
async function exportFails(signer: WebCryptoSigner): Promise<string> {
  const { privateKey } = WebCryptoSigner.parts(signer);
  same(privateKey.extractable, false, "extractable");
  const names = await Promise.all((["pkcs8", "jwk", "raw"] as const).map((format) =>
    crypto.subtle.exportKey(format, privateKey).then(() => "exported", (fault: Error) => fault.name)));
  assert(!names.includes("exported"), "a private key was exported");
  return names.join(" ");
}

/** After a reload: sign, verify with our own verifier, shake hands in both roles. */
async function useKeys(): Promise<{ dids: string[]; exports: string[]; handshakes: number }> {
  const signers = await loadKeys();
  const exports: string[] = [];
  let handshakes = 0;
  for (const signer of signers) {
    // ES256 of the platform is randomised: high and low s come up
    for (let i = 0; i < 20; i++) verify(signer.publicKey, utf8(`message ${i}`), await signer.sign(utf8(`message ${i}`)));
    exports.push(await exportFails(signer));
    const own: LocalIdentity = { did: didKey(signer.publicKey), fragment: "", signer };
    for (const algorithm of ALGORITHMS) {
      const other = newIdentity(algorithm);
      for (const identities of [[own, other], [other, own]] as [LocalIdentity, LocalIdentity][]) {
        const { initiator, responder } = await handshake(pair({ identities }));
        same(initiator.peer.did, identities[1].did, "responder");
        same(responder.peer.did, identities[0].did, "initiator");
        handshakes += 1;
      }
    }
  }
  return { dids: signers.map((signer) => didKey(signer.publicKey)), exports, handshakes };
}

/** A login over real HTTP, with each stored key, and a signed request. */
async function logIn(service: string): Promise<string[]> {
  const answers: string[] = [];
  for (const signer of await loadKeys()) {
    const identity = { did: didKey(signer.publicKey), fragment: "", signer };
    const session = await login({
      url: `${location.origin}/didshake`, identity, meant: { did: service }, fetch, clock: systemClock, random: systemRandom,
    });
    const response = await session.fetch("/whoami?x=%20y", { method: "POST", body: utf8("a body") });
    answers.push(`${response.status} ${await response.text()}`);
  }
  return answers;
}

/** A conversation over the browser's own WebSocket, with each stored key: what came back, and how it ended. */
async function converse(url: string, peer: string): Promise<string[]> {
  const answers: string[] = [];
  for (const signer of await loadKeys()) {
    const channel = await connectWebSocket({
      url, meant: { did: peer }, identity: { did: didKey(signer.publicKey), fragment: "", signer }, applicationProtocol: "didshake.chat/1",
      clock: systemClock, random: systemRandom,
    });
    for (const words of [utf8("one"), new Uint8Array(65_535), utf8("cut")]) await channel.send(words);
    for (let i = 0; i < 2; i++) answers.push(String((await channel.receive())?.length));
    answers.push(await channel.receive().then(() => "a message", (fault) => fault.code as string));
  }
  return answers;
}

Object.assign(globalThis, { didshakeTests: { vectors, makeKeys, useKeys, logIn, converse, relay, logs } });
