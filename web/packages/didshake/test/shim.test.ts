import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromHex, toHex } from "../src/bytes.js";
import { decodeReply } from "../src/messages.js";
import { VECTORS } from "./support/files.js";
import { newRequest, replay, Shim, type Answer } from "./support/shim.js";
import type { CardVector, MailboxVector, RequestVector, Vector, VectorRole, WebvhVector } from "./support/vector.js";
import { logOf } from "./support/webvh.js";

let shim: Shim;

beforeAll(() => {
  // what is tested is the file that the runner starts, made of the source as it is now
  execFileSync("npm", ["run", "build:shim"], { cwd: fileURLToPath(new URL("..", import.meta.url)), stdio: "pipe" });
  shim = new Shim();
}, 120_000);

afterAll(async () => {
  expect(await shim.end()).toBe(0);
});

const read = <T>(path: string): T => JSON.parse(readFileSync(`${VECTORS}${path}.json`, "utf8")) as T;
const positive = (id: string): Vector => read(`positive/${id}`);
const negative = (id: string): Vector => read(`negative/${id}`);
const wireOf = (vector: Vector, name: string): string => vector.messages.find(({ message }) => message === name)?.wire ?? "";

/** Both roles of a vector to their ends; the sids are its id and the role. */
async function both(vector: Vector): Promise<{ initiator: Answer; responder: Answer }> {
  const play = (role: VectorRole): Promise<Answer> => replay(shim, vector, role, `${vector.id} ${role}`);
  return { initiator: await play("initiator"), responder: await play("responder") };
}

describe("the protocol over lines", () => {
  it("says what it is", async () => {
    const hello = await shim.ask("hello");
    expect(hello).toMatchObject({ name: "didshake-js", language: "TypeScript", roles: ["initiator", "responder"] });
    expect(hello["features"]).toEqual([
      "codes", "random", "suite_2", "test_suite", "web", "extensions", "token", "channel", "export", "decode", "document",
      "schedule", "ed25519", "request", "mailbox", "card", "webvh",
    ]);
  });

  it("skips what it does not know, and goes on after a crash", async () => {
    expect(await shim.ask("constructor")).toEqual({ skip: "op" });
    expect(await shim.ask("check", { kind: "toString" })).toEqual({ skip: "kind" });
    expect(await shim.line("no JSON")).toHaveProperty("crash");
    expect(await shim.ask("recv", { sid: "nobody", wire: "" })).toHaveProperty("crash");
  });

  it("answers in order, one line each", async () => {
    const vector = positive("p-key-ed25519");
    const answers = await Promise.all([
      shim.ask("new", newRequest(vector, "responder", "ordered")),
      shim.ask("recv", { sid: "ordered", wire: wireOf(vector, "hello") }),
      shim.ask("free", { sid: "ordered" }),
      shim.ask("recv", { sid: "ordered", wire: wireOf(vector, "finish") }),
    ]);
    expect(answers.map((answer) => Object.keys(answer).join())).toEqual(["", "send,token", "", "crash"]);
  });
});

describe("handshakes", () => {
  it.each(["p-channel-key-updates", "p-exports", "p-retry"])("%s, with its records and exports", async (id) => {
    const vector = positive(id);
    const { initiator, responder } = await both(vector);
    expect(initiator).toMatchObject({ done: true, out: { session_id: vector.handshake?.["session_id"], lifetime: vector.config.responder.lifetime } });
    expect(responder).toMatchObject({ done: true, out: { peer: { public_key: vector.handshake?.["initiator_public_key"] } } });
    await records(vector);
    for (const { output, ...wanted } of vector.exports ?? []) {
      expect(await shim.ask("export", { sid: `${id} initiator`, ...wanted })).toEqual({ output });
    }
  });

  it("takes its own randomness where none is given", async () => {
    const vector = positive("p-key-ed25519");
    const begin = (sid: string): Promise<Answer> => shim.ask("new", { ...newRequest(vector, "initiator", sid), random: undefined });
    const [one, two] = [await begin("fresh 1"), await begin("fresh 2")];
    expect(one["send"]).not.toBe(two["send"]);
    await shim.ask("new", { ...newRequest(vector, "responder", "fresh"), random: undefined });
    const reply = await shim.ask("recv", { sid: "fresh", wire: one["send"] });
    const finish = await shim.ask("recv", { sid: "fresh 1", wire: reply["send"] });
    const accept = await shim.ask("recv", { sid: "fresh", wire: finish["send"], token: reply["token"] });
    expect(await shim.ask("recv", { sid: "fresh 1", wire: accept["send"] })).toMatchObject({ done: true });
    const again = await shim.ask("recv", { sid: "fresh", wire: finish["send"], token: reply["token"] });
    expect(again).toEqual({ error: "finish_replayed", alert: 49 });
  });

  it.each([
    "n-finish-identity-signature", "n-accept-critical-unknown", "n-state-altered", "n-state-other-key", "n-state-other-endpoint",
    "n-state-missing", "n-state-expired",
  ])("%s", async (id) => {
    const vector = negative(id);
    const { role, error, alert } = vector.fails ?? { role: "responder" };
    const answer = await replay(shim, vector, role, id);
    expect(answer).toMatchObject({ error, alert });
    // an Accept that opens is refused in a record (R-INIT-9)
    expect("send" in answer).toBe(id === "n-accept-critical-unknown");
  });

  it("a record that does not open", async () => {
    const vector = negative("n-record-tag");
    await both(vector);
    const channel = vector.channel ?? [];
    await records({ ...vector, channel: channel.slice(0, -1) });
    const { role, error, alert } = vector.fails ?? {};
    expect(await shim.ask("open", { sid: `${vector.id} ${role}`, wire: channel.at(-1)?.wire })).toMatchObject({ error, alert });
  });
});

/** Each record from the one that sends it to the other. */
async function records(vector: Vector): Promise<void> {
  for (const { from, type, content, padding, wire } of vector.channel ?? []) {
    const sid = `${vector.id} ${from}`;
    const op = { close: "close", key_update: "update", data: "seal", alert: "seal" }[type ?? "data"];
    expect(await shim.ask(op, { sid, type, content, padding })).toEqual({ send: wire });
    const taken = await shim.ask("open", { sid: `${vector.id} ${from === "initiator" ? "responder" : "initiator"}`, wire });
    expect(taken).toEqual(type === "alert" ? { error: "peer_alert", alert: null } : { type, content });
  }
}

describe("checks", () => {
  const check = (kind: string, request: object): Promise<Answer> => shim.ask("check", { kind, ...request });

  it("decode", async () => {
    const vector = positive("p-retry");
    const decode = (message: string, wire = wireOf(vector, message)): Promise<Answer> => check("decode", { message, wire });
    const { initiator } = vector.config;
    expect(await decode("hello")).toMatchObject({
      suites: initiator.suites, group: initiator.first_group, nonce: initiator.nonces?.[0],
      application_protocol: Buffer.from(initiator.application_protocol).toString("hex"),
    });
    expect(await decode("retry")).toEqual({ suite: 1 });
    const { suite, nonce, sealed } = decodeReply(fromHex(wireOf(vector, "reply")));
    expect(await decode("reply")).toMatchObject({ suite, nonce: toHex(nonce), sealed: toHex(sealed) });
    for (const name of ["finish", "accept"]) expect(await decode(name)).toEqual({ sealed: wireOf(vector, name).slice(6) });
    expect(await decode("retry", `${wireOf(vector, "retry")}00`)).toMatchObject({ error: "trailing_bytes" });
    expect(await decode("reply", wireOf(vector, "retry"))).toMatchObject({ error: "unexpected_message" });
  });

  it("document", async () => {
    const { config, handshake } = positive("p-web-multikey");
    const { identity } = config.initiator;
    const ask = (more: object): Promise<Answer> =>
      check("document", { did: identity.did, fragment: identity.fragment, now: config.now, ...config.documents[identity.did], ...more });
    expect(await ask({})).toEqual({ algorithm: identity.algorithm, public_key: handshake?.["initiator_public_key"] });
    expect(await ask({ deactivated: true })).toMatchObject({ error: "did_deactivated" });
    expect(await ask({ text: undefined })).toMatchObject({ error: "did_method_unsupported" });
    expect(await ask({ did: "did:key:z6Mk", fragment: "" })).toMatchObject({ error: "did_key_malformed" });
    const own = positive("p-key-ed25519").config.initiator.identity;
    expect(await ask({ did: own.did, fragment: "", text: undefined })).toMatchObject({ algorithm: own.algorithm });
  });

  it("schedule", async () => {
    const vector = positive("p-retry");
    const { dh, reply_identity, finish_identity, accept_plain } = vector.handshake ?? {};
    const inputs = { suite: 0xfe01, binding: vector.config.binding, prologue: vector.config.prologue, hello: wireOf(vector, "hello2") };
    const values = await check("schedule", { ...inputs, reply: wireOf(vector, "reply"), dh, reply_identity, finish_identity, accept_plain });
    for (const name of ["th2", "th3", "th4", "hs", "ms", "exporter", "session_id"]) expect(values).toHaveProperty(name);
    expect(vector.handshake).toMatchObject(values);
  });

  it("ed25519", async () => {
    // RFC 8032, 7.1, test 2
    const right = {
      public_key: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", message: "72",
      signature: "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    };
    expect(await check("ed25519", right)).toEqual({ valid: true });
    expect(await check("ed25519", { ...right, message: "73" })).toEqual({ valid: false });
    expect(await check("ed25519", { ...right, public_key: "00".repeat(32) })).toEqual({ valid: false });
  });

  it("request", async () => {
    const good = read<RequestVector>("request/r-get");
    const [, nonce, keyid] = /nonce="(.*?)";keyid="(.*?)"/.exec(good.request.signature_input[0] ?? "") ?? [];
    expect(await check("request", { service: good.service, request: good.request })).toEqual({ keyid, nonce });
    const bad = read<RequestVector>("request/r-replayed");
    expect(await check("request", { service: bad.service, request: bad.request })).toMatchObject({ error: "request_replayed" });
  });
});

describe("mailbox keys and letters", () => {
  const of = (vector: MailboxVector): object => ({ mailbox_key: vector.mailbox_key, view: vector.sender_view });

  it("are made as the vectors have them, and read", async () => {
    const vector = read<MailboxVector>("mailbox/m-ed25519");
    const { owner, sender, mailbox_key, envelope, recipient_view: view } = vector;
    expect(await shim.ask("make", { kind: "mailbox_key", owner })).toEqual({ mailbox_key });
    expect(await shim.ask("make", { kind: "letter", sender, ...of(vector) })).toEqual({ envelope });
    const key_id = vector.intermediates?.key_id;
    expect(await shim.ask("check", { kind: "mailbox_key", ...of(vector) })).toMatchObject({ did: owner.did, key_id, ends: owner.ends });
    const { did, message_id, content } = sender ?? {};
    expect(await shim.ask("check", { kind: "letter", envelope, mailbox_key, owner, view })).toMatchObject({ did, message_id, content });
  });

  it("have randomness of their own where none is given", async () => {
    const vector = read<MailboxVector>("mailbox/m-ed25519");
    const sender = { ...vector.sender, ephemeral_ikm: undefined, message_id: undefined };
    const make = (): Promise<Answer> => shim.ask("make", { kind: "letter", sender, ...of(vector) });
    const [one, two] = [await make(), await make()];
    expect(String(one["envelope"]).slice(0, 36)).toBe(String(two["envelope"]).slice(0, 36));
    expect(String(one["envelope"]).slice(36, 100)).not.toBe(String(two["envelope"]).slice(36, 100));
  });

  it("are refused with their codes", async () => {
    const key = read<MailboxVector>("mailbox/m-key-altered-begins");
    expect(await shim.ask("check", { kind: "mailbox_key", ...of(key) })).toEqual({ error: key.fails?.error, alert: null });
    const { envelope, mailbox_key, owner, recipient_view: view, fails } = read<MailboxVector>("mailbox/m-letter-expired");
    expect(await shim.ask("check", { kind: "letter", envelope, mailbox_key, owner, view })).toEqual({ error: fails?.error, alert: null });
  });
});

describe("cards", () => {
  it("are made as the vectors have them, read, and refused", async () => {
    const { owner, contents, card, link, reader_view: view } = read<CardVector>("card/c-ed25519");
    expect(await shim.ask("make", { kind: "card", owner, contents })).toEqual({ card, link });
    expect(await shim.ask("check", { kind: "card_link", link })).toEqual({ card });
    expect(await shim.ask("check", { kind: "card", card, view })).toEqual({
      did: owner.did, fragment: owner.fragment, algorithm: owner.algorithm, ...contents,
    });
    expect(await shim.ask("check", { kind: "card_link", link: ` ${link}` })).toEqual({ error: "card_link", alert: null });
    const bad = read<CardVector>("card/c-type-32");
    expect(await shim.ask("check", { kind: "card", card: bad.card, view: bad.reader_view })).toEqual({ error: bad.fails?.error, alert: null });
  });
});

describe("logs of did:webvh", () => {
  const resolve = (id: string): { vector: WebvhVector; answer: Promise<Answer> } => {
    const vector = read<WebvhVector>(`webvh/${id}`);
    const { view, witness } = vector;
    const files = { log: toHex(logOf(vector)), witness: witness === null ? null : Buffer.from(witness).toString("hex") };
    return { vector, answer: shim.ask("check", { kind: "webvh", ...view, ...files }) };
  };

  it.each(["w-deactivated", "w-limit", "w-witnesses", "w-seen-last"])("%s resolves", async (id) => {
    const { vector, answer } = resolve(id);
    expect(vector.resolution).toBeDefined();
    expect(await answer).toEqual(vector.resolution);
  });

  it.each(["w-hash-last", "w-too-long", "w-witness-none", "w-seen-fork-last"])("%s is refused with its cause", async (id) => {
    const { vector, answer } = resolve(id);
    expect(vector.fails).toBeDefined();
    expect(await answer).toEqual(vector.fails);
  });
});
