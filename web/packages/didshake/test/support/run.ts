import { fromHex, toHex, wipe } from "../../src/bytes.js";
import { Channel } from "../../src/channel.js";
import { identityOf, TEST_REGISTRY } from "./peers.js";
import type { Established } from "../../src/established.js";
import { decodeIdentity, initiatorInput, responderInput } from "../../src/identity.js";
import { decodeReply, decodeSealed } from "../../src/messages.js";
import {
  Expand, finishKey, fruitOf, handshakeSecret, masterSecret, recordIv, recordKey, replyKey, transcriptIdentity, transcriptNext,
  transcriptStart,
} from "../../src/schedule.js";
import { hash } from "../../src/encoding.js";
import { concat, utf8 } from "../../src/bytes.js";
import { open } from "../../src/suites.js";
import { player, playMessages, refused, type Keeping } from "./play.js";
import { assert, same, type Vector, type VectorRecord } from "./vector.js";

const ZERO = new Uint8Array(12);

/** Runs one handshake vector; throws if this implementation does otherwise. */
export async function runHandshake(vector: Vector): Promise<void> {
  if (vector.kind === "positive") return runPositive(vector);
  const role = vector.fails?.role ?? "responder";
  const special = vector.messages.some(({ waiting_state, repeat }) =>
    repeat === true || ["altered", "truncated", "other_endpoint", "other_key", "missing"].includes(waiting_state ?? "ok"));
  const keepings: Keeping[] = role === "initiator" ? ["memory"] : special ? ["sealed"] : ["memory", "sealed"];
  if (vector.channel !== undefined) return runBadRecord(vector);
  for (const keeping of keepings) {
    const who = player(vector, role, keeping);
    await playMessages(who, role, vector.messages.slice(0, -1));
    const last = vector.messages.at(-1);
    assert(last !== undefined && last.from !== role, "the last message comes from the other side");
    await refused(vector, () => who.take(last));
    same(who.established !== undefined, last.repeat === true, "established");
  }
}

async function bothSides(vector: Vector, keeping: Keeping): Promise<[Established, Established]> {
  const results: Established[] = [];
  for (const role of ["initiator", "responder"] as const) {
    const who = player(vector, role, keeping);
    await playMessages(who, role, vector.messages);
    assert(who.established !== undefined, `${role} is not done`);
    results.push(who.established);
  }
  return results as [Established, Established];
}

async function runPositive(vector: Vector): Promise<void> {
  await bothSides(vector, "sealed");
  const [initiator, responder] = await bothSides(vector, "memory");
  const expected = vector.handshake ?? {};
  for (const side of [initiator, responder]) {
    same(toHex(side.sessionId), expected["session_id"], "session_id");
    same(side.lifetime, vector.config.responder.lifetime, "lifetime");
    for (const { label, context, length, output } of vector.exports ?? []) {
      same(toHex(side.exporter.export(label, fromHex(context), length)), output, `export ${label}`);
    }
  }
  same(toHex(responder.peer.publicKey), expected["initiator_public_key"], "initiator_public_key");
  same(toHex(initiator.peer.publicKey), expected["responder_public_key"], "responder_public_key");
  same(responder.peer.did, vector.config.initiator.identity.did, "verified initiator");
  compareIntermediates(vector);
  if (vector.channel === undefined) return;
  const channels = { initiator: initiator.channel, responder: responder.channel };
  assert(channels.initiator !== undefined && channels.responder !== undefined, "a channel over HTTP");
  runRecords({ initiator: channels.initiator, responder: channels.responder }, vector.channel);
}

type Channels = { initiator: Channel; responder: Channel };

function make(channel: Channel, { type, content = "", padding = 0 }: VectorRecord): Uint8Array {
  const one = (records: Uint8Array[]): Uint8Array => {
    same(records.length, 1, "records");
    return records[0] as Uint8Array;
  };
  switch (type) {
    case "data": return one(channel.send(fromHex(content), padding));
    case "close": return one(channel.close(padding));
    case "key_update": return channel.keyUpdate(padding);
    default: return one(channel.alert(fromHex(content)[0] as number, padding));
  }
}

/** 2^20 records take minutes: all but 1,000 of them are only counted, unless DIDSHAKE_ALL_RECORDS is set. */
function skippable({ repeat = 1 }: VectorRecord): number {
  const all = typeof process !== "undefined" && process.env["DIDSHAKE_ALL_RECORDS"] !== undefined;
  return all ? 0 : Math.max(0, repeat - 1000);
}

/** Each record is made by its sender, compared, and taken by the other side. */
export function runRecords(channels: Channels, records: readonly VectorRecord[]): void {
  for (const entry of records) {
    const [sender, receiver] = entry.from === "initiator"
      ? [channels.initiator, channels.responder] : [channels.responder, channels.initiator];
    const generation = sender.generation;
    const skipped = skippable(entry);
    if (skipped > 0) Channel.skip(sender, receiver, skipped);
    for (let i = skipped; i < (entry.repeat ?? 1); i++) {
      const record = make(sender, entry);
      if (entry.wire !== undefined) same(toHex(record), entry.wire, `record ${entry.sequence}`);
      if (entry.generation !== undefined) same(generation, entry.generation, "generation");
      takeRecord(receiver, record, entry);
    }
  }
}

function takeRecord(receiver: Channel, record: Uint8Array, entry: VectorRecord): void {
  if (entry.type === "alert") {
    try {
      receiver.receive(record);
    } catch (fault) {
      return same((fault as { code?: string }).code, "peer_alert", "an alert");
    }
    throw new Error("an alert was taken for something else");
  }
  const received = receiver.receive(record);
  same(received.type, entry.type, "type");
  if (received.type === "data") same(toHex(received.content), entry.content, "content");
}

/** Everything before the last record is good; the last one is refused by fails.role. */
async function runBadRecord(vector: Vector): Promise<void> {
  const [initiator, responder] = await bothSides(vector, "memory");
  assert(initiator.channel !== undefined && responder.channel !== undefined, "a channel over HTTP");
  const records = vector.channel ?? [];
  const last = records.at(-1);
  assert(last?.wire !== undefined && last.from !== vector.fails?.role, "the last record comes from the other side");
  runRecords({ initiator: initiator.channel, responder: responder.channel }, records.slice(0, -1));
  const receiver = vector.fails?.role === "initiator" ? initiator.channel : responder.channel;
  await refused(vector, () => receiver.receive(fromHex(last.wire as string)));
  same(receiver.open, false, "the channel is over");
}

/** Every intermediate of `handshake`, from the schedule's own functions over the bytes of the vector. */
function compareIntermediates(vector: Vector): void {
  const expected = { ...vector.handshake };
  const check: Check = (name, value) => {
    same(toHex(value), expected[name], name);
    delete expected[name];
    return value;
  };
  const wire = (...names: string[]): Uint8Array =>
    fromHex(vector.messages.find(({ message }) => names.includes(message))?.wire ?? "");
  const retried = vector.messages.some(({ message }) => message === "hello2");
  const { initiator } = vector.config;
  const th0 = check("th0", transcriptStart(vector.config.binding, fromHex(vector.config.prologue)));
  const th1 = check("hello_th1", transcriptNext(th0, retried ? wire("hello2") : wire("hello")));
  const reply = decodeReply(wire("reply"));
  const suite = TEST_REGISTRY.suite(reply.suite);
  const group = TEST_REGISTRY.group(suite?.group ?? 0);
  assert(suite !== undefined && group !== undefined, "a suite of the vectors");
  const th2 = check("th2", transcriptNext(th1, reply.head));
  const secret = fromHex(initiator.ephemeral_secrets?.[retried ? 1 : 0] ?? "");
  const dh = check("dh", group.agree(secret, reply.keyShare));
  const hs = check("hs", handshakeSecret(th2, dh));
  const replyPlain = open(suite, check("k_reply", replyKey(hs)), ZERO, th2, reply.sealed) ?? new Uint8Array();
  const th3 = check("th3", transcriptIdentity(th2, check("reply_identity", replyPlain)));
  const sealed = decodeSealed(wire("finish"), 3);
  const finishPlain = open(suite, check("k_finish", finishKey(hs)), ZERO, th3, sealed) ?? new Uint8Array();
  const th4 = check("th4", transcriptIdentity(th3, check("finish_identity", finishPlain)));
  const [own, peer] = [decodeIdentity(replyPlain), decodeIdentity(finishPlain)];
  check("initiator_public_key", identityOf(initiator.identity).signer.publicKey.bytes);
  const { did, fragment } = own;
  const responder = vector.config.responder.identities.find((one) => one.did === did && one.fragment === fragment);
  assert(responder !== undefined, "the responder's identity is configured");
  check("responder_public_key", identityOf(responder).signer.publicKey.bytes);
  check("reply_signature_input", responderInput(th2, own));
  check("finish_signature_input", initiatorInput(th3, peer, own));
  check("reply_signature", own.signature);
  check("finish_signature", peer.signature);
  check("derived", Expand(hs, "didshake/1 derived", 32));
  compareFruit(vector, { hs, th4 }, check);
  same(Object.keys(expected).join(), "", "intermediates left over");
  wipe(hs, secret);
}

type Check = (name: string, value: Uint8Array) => Uint8Array;

/** What follows from hs and th4. */
function compareFruit(vector: Vector, { hs, th4 }: { hs: Uint8Array; th4: Uint8Array }, check: Check): void {
  const ms = check("ms", masterSecret(hs, th4));
  const plain = openAccept(vector, ms.slice(), th4);
  check("resume", Expand(ms, concat(utf8("didshake/1 resume"), hash(concat(th4, check("accept_plain", plain)))), 32));
  const fruit = fruitOf(ms);
  check("k_accept", fruit.kAccept);
  check("i2r_0", fruit.i2r);
  check("r2i_0", fruit.r2i);
  for (const name of ["i2r", "r2i"] as const) {
    check(`${name}_0_key`, recordKey(fruit[name]));
    check(`${name}_0_iv`, recordIv(fruit[name]));
  }
  check("exporter", fruit.exporter);
  check("session_id", fruit.sessionId);
}

function openAccept(vector: Vector, ms: Uint8Array, th4: Uint8Array): Uint8Array {
  const accept = vector.messages.find(({ message }) => message === "accept")?.wire ?? "";
  const suite = TEST_REGISTRY.suite(decodeReply(fromHex(vector.messages.find((m) => m.message === "reply")?.wire ?? "")).suite);
  assert(suite !== undefined, "a suite of the vectors");
  const { kAccept } = fruitOf(ms);
  return open(suite, kAccept, ZERO, th4, decodeSealed(fromHex(accept), 4)) ?? new Uint8Array();
}

