import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { utf8 } from "../src/bytes.js";
import { systemRandom } from "../src/config.js";
import type { Fetch } from "../src/fetching.js";
import { MailboxKeyPair } from "../src/mailbox/key.js";
import { eventsOf } from "../src/relay/events.js";
import { Depositor, newDepositToken, RelayRefusal, tokenHash, type DepositorOptions } from "../src/relay/index.js";
import { depositName } from "../src/relay/token.js";
import { codeOf, newIdentity, NOW } from "./support/loopback.js";

const sha256 = (...parts: (string | Uint8Array)[]): Buffer => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const NAME = "AAECAwQFBgcICQoLDA0ODw";
const owner = newIdentity(1);
const token = newDepositToken(systemRandom);
const json = (text: string, status = 200, type = "application/json"): Response => new Response(text, { status, headers: { "Content-Type": type } });

/** A depositor, and the requests that it made; `answer` stands for the relay. */
function depositing(answer: (url: string) => Response | Promise<Response>, more: Partial<DepositorOptions> = {}) {
  const seen: { url: string; init: RequestInit }[] = [];
  const fetch: Fetch = async (url, init) => {
    seen.push({ url, init });
    return answer(url);
  };
  const options = {
    mailbox: `https://relay.example/m/${NAME}`, token, recipient: owner.did, identity: newIdentity(2), fetch, clock: () => NOW, random: systemRandom,
  };
  return { depositor: new Depositor({ ...options, ...more }), seen };
}

const states = (text: string, status?: number, type?: string): Promise<string> =>
  codeOf(() => depositing(() => json(text, status, type)).depositor.states([NAME]));

describe("tokens and deposits", () => {
  it("are named as sections 2 and 4 say", () => {
    const bytes = Buffer.from(token, "base64url");
    expect([token.length, bytes.length]).toEqual([43, 32]);
    expect(tokenHash(token)).toBe(sha256("didshake/1 deposit token", bytes).toString("base64url"));
    expect(depositName(utf8("envelope"))).toBe(sha256("didshake/1 deposit", "envelope").subarray(0, 16).toString("base64url"));
    expect(newDepositToken(systemRandom)).not.toBe(token);
  });

  it("are refused where they are none", async () => {
    for (const text of ["", `${token}A`, token.slice(1), `${token.slice(0, 42)}!`]) expect(await codeOf(() => tokenHash(text))).toBe("caller");
    for (const mailbox of [
      "https://relay.example/m/short", `https://relay.example/x/${NAME}`, `https://relay.example/m/${NAME}/`, `https://relay.example/m/${NAME}?a`,
      `http://relay.example/m/${NAME}`, `https://u@relay.example/m/${NAME}`, `wss://relay.example/m/${NAME}`, `https://RELAY.example/m/${NAME}`,
      `https://${"a".repeat(240)}.example/m/${NAME}`,
    ]) expect(await codeOf(() => depositing(() => json("{}"), { mailbox })), mailbox).toBe("caller");
    expect(await codeOf(() => depositing(() => json("{}"), { mailbox: `http://127.0.0.1:8400/m/${NAME}` }))).toBe("accepted");
  });
});

// R-RLY-8
describe("a depositor", () => {
  it("says nothing of who it is: no signature, no cookie, no referrer", async () => {
    const pair = await MailboxKeyPair.generate({ identity: owner, lifetime: 60, clock: () => NOW, random: systemRandom });
    const key = Uint8Array.from(pair.signedKey);
    const answers = { "/key": () => new Response(key, { headers: { "Content-Type": "application/didshake-mailbox-key" } }), "/states": () => json("{}") };
    const { depositor, seen } = depositing((url) => answers[url.endsWith("/key") ? "/key" : "/states"]());
    const sealed = await depositor.seal({ contentType: "text/plain", content: utf8("words"), lifetime: 60 });
    expect(await codeOf(() => depositor.deposit([sealed]))).toBe("transport");
    expect(await codeOf(() => depositor.states([NAME]))).toBe("transport");
    expect(seen.map(({ url, init }) => [init.method, url.slice(`https://relay.example/m/${NAME}`.length)])).toEqual([["GET", "/key"], ["POST", ""], ["POST", "/states"]]);
    for (const { init } of seen) {
      expect(Object.keys(init.headers ?? {}).filter((name) => name !== "Content-Type")).toEqual(["Authorization", "Connection"]);
      expect(init.headers).toMatchObject({ Authorization: `DIDShake-Deposit ${token}` });
      expect([init.credentials, init.redirect, init.referrerPolicy, init.cache]).toEqual(["omit", "manual", "no-referrer", "no-store"]);
    }
    const body = Buffer.from(seen[1]?.init.body as Uint8Array);
    expect([body.readBigUInt64BE(0), body.readUInt32BE(8), body.length]).toEqual([BigInt(sealed.expires), sealed.envelope.length, 12 + sealed.envelope.length]);
  });

  it("asks for a key again after five minutes, or when it has ended", async () => {
    let now = NOW;
    const clock = (): number => now;
    const pair = await MailboxKeyPair.generate({ identity: owner, lifetime: 400, clock, random: systemRandom });
    const { depositor, seen } = depositing(() => new Response(Uint8Array.from(pair.signedKey), { headers: { "Content-Type": "application/didshake-mailbox-key" } }), { clock });
    for (const [time, asked] of [[0, 1], [299, 1], [300, 2], [399, 2]] as const) {
      now = NOW + time;
      await depositor.key();
      expect(seen.length).toBe(asked);
    }
    now = NOW + 400;
    expect(await codeOf(() => depositor.key())).toBe("mailbox_key_time");
    expect(seen.length).toBe(3);
  });

  it("takes no key of another, nor one that is longer than any", async () => {
    const other = await MailboxKeyPair.generate({ identity: newIdentity(1), lifetime: 60, clock: () => NOW, random: systemRandom });
    const given = (bytes: Uint8Array, type = "application/didshake-mailbox-key"): Promise<string> =>
      codeOf(() => depositing(() => new Response(Uint8Array.from(bytes), { headers: { "Content-Type": type } })).depositor.key());
    expect(await given(other.signedKey)).toBe("not_admitted");
    expect(await given(other.signedKey.subarray(1))).toBe("mailbox_key_malformed");
    expect(await given(other.signedKey, "text/html")).toBe("transport");
    expect(await given(new Uint8Array(2422))).toBe("transport");
  });

  it("believes an answer only about what it asked", async () => {
    const one = (deposit: string, state: string): string => `{"deposits":[{"deposit":"${deposit}","state":"${state}"}]}`;
    expect(await states(one(NAME, "taken"))).toBe("accepted");
    expect(await states(`{"more":1,${one(NAME, "taken").slice(1)}`)).toBe("accepted");
    for (const text of [
      one(NAME, "lost"), one(token, "taken"), '{"deposits":[]}', '{"deposits":{}}', "[]", "", "{", `{"deposits":[],${one(NAME, "taken").slice(1)}`,
      `{"deposits":[{"deposit":"${NAME}","state":"taken"},{"deposit":"${NAME}","state":"taken"}]}`, `{"x":"${"a".repeat(70_000)}"}`,
    ]) expect(await states(text), text).toBe("transport");
    expect(await states(one(NAME, "taken"), 200, "text/html")).toBe("transport");
  });

  it("says why a relay refuses, and whether it passes", async () => {
    const refusal = async (response: Response): Promise<RelayRefusal> =>
      depositing(() => response).depositor.states([NAME]).then(() => expect.fail("taken"), (fault) => fault as RelayRefusal);
    const full = await refusal(new Response('{"code":"full","title":"x"}', { status: 507, headers: { "Content-Type": "application/problem+json", "Retry-After": "60" } }));
    expect(full).toBeInstanceOf(RelayRefusal);
    expect([full.code, full.reason, full.status, full.retryAfter, full.later]).toEqual(["relay", "full", 507, 60, true]);
    const token = await refusal(json('{"code":"token"}', 401, "application/problem+json"));
    expect([token.reason, token.retryAfter, token.later]).toEqual(["token", undefined, false]);
    for (const response of [json('{"code":"constructor"}', 400, "application/problem+json"), json('{"code":"full"}', 400), json("{", 400, "application/problem+json")]) {
      expect((await refusal(response)).reason).toBeUndefined();
    }
    expect((await refusal(json("", 503))).later).toBe(true);
    expect(await codeOf(() => depositing(() => new Response(null, { status: 302, headers: { Location: "https://x/" } })).depositor.states([NAME]))).toBe("transport");
    expect(await codeOf(() => depositing(() => Promise.reject(new Error("offline"))).depositor.states([NAME]))).toBe("transport");
    expect(await codeOf(() => depositing(() => new Promise(() => undefined), { timeout: 20 }).depositor.states([NAME]))).toBe("timeout");
  });
});

describe("a stream of events", () => {
  const read = async (chunks: Uint8Array[], limit = 100): Promise<string[]> => {
    const body = new ReadableStream<Uint8Array>({
      pull(stream) {
        const chunk = chunks.shift();
        if (chunk === undefined) stream.close();
        else stream.enqueue(chunk);
      },
    });
    const events: string[] = [];
    for await (const { type, data } of eventsOf(body, limit)) events.push(`${type}=${data}`);
    return events;
  };
  const TEXT = ': a comment\n\nid: 7\nevent: deposit\ndata: {"x":"é"}\n\nevent:other\r\ndata:one\r\ndata: two\r\n\r\ndata\n\nevent: none\n\ndata: last\n\ndata: cut';

  it("is read however it is cut", async () => {
    const bytes = utf8(TEXT);
    const whole = ['deposit={"x":"é"}', "other=one\ntwo", "message=", "message=last"];
    expect(await read([bytes])).toEqual(whole);
    for (let at = 0; at <= bytes.length; at++) expect(await read([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole);
    expect(await read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(whole);
  });

  it("has a bound for an event, whether or not its lines end", async () => {
    expect(await codeOf(() => read([utf8(`data: ${"x".repeat(101)}`)]))).toBe("transport");
    expect(await codeOf(() => read(new Array<Uint8Array>(30).fill(utf8("data: x\n"))))).toBe("transport");
    expect(await codeOf(() => read(new Array<Uint8Array>(30).fill(utf8(": comment\n\n"))))).toBe("accepted");
  });
});
