import { describe, expect, it } from "vitest";
import { toHex, utf8 } from "../src/bytes.js";
import { HTTP, systemRandom } from "../src/config.js";
import { endpointOf, endpointsOf, fetchClaim, linksDomain, mayUse, readClaim } from "../src/discovery.js";
import { parseDocument } from "../src/document.js";
import { Initiator } from "../src/initiator.js";
import { FrameReader, frame } from "../src/frames.js";
import { login, type LoginOptions } from "../src/login.js";
import { isLoopback, originOf } from "../src/origin.js";
import { codeOf, newIdentity, NOW } from "./support/loopback.js";
import { TEST_REGISTRY } from "./support/peers.js";
import { ORIGIN, testService, type TestService } from "./support/service.js";

function options(service: TestService, more: Partial<LoginOptions> = {}): LoginOptions {
  return {
    url: `${ORIGIN}/didshake`, identity: newIdentity(1), meant: { did: service.did }, fetch: service.fetch, clock: () => NOW,
    random: systemRandom, ...more,
  };
}

describe("login over HTTP", () => {
  it("two requests, then signed ones", async () => {
    const service = testService();
    const session = await login(options(service));
    expect(session.peer.did).toBe(service.did);
    expect(service.seen.map(({ method }) => method)).toEqual(["POST", "POST"]);
    const response = await session.fetch("/v1/notes?draft=1", { method: "POST", body: utf8("note") });
    expect([response.status, await response.text()]).toEqual([200, session.own.did]);
    expect((await service.fetch(`${ORIGIN}/v1/notes`, { method: "GET" })).status).toBe(401);
    const fields = session.sign("GET", `${ORIGIN}/v1/notes`);
    const send = (headers: object, path = "/v1/notes"): Promise<Response> =>
      service.fetch(ORIGIN + path, { method: "GET", headers: { ...headers } });
    expect((await send(fields)).status).toBe(200);
    expect((await send(fields)).status).toBe(401);
    expect((await send(session.sign("GET", `${ORIGIN}/v1/notes`), "/v1/other")).status).toBe(401);
    expect(service.log.slice(-3)).toEqual(["request_unsigned", "request_replayed", "request_signature"]);
    expect(await codeOf(() => session.sign("GET", "https://other.example/"))).toBe("caller");
    session.end();
    expect(await codeOf(() => session.sign("GET", `${ORIGIN}/`))).toBe("session_over");
  });

  it("with a Retry three requests, and a lifetime of 0 leaves no session", async () => {
    const service = testService({ lifetime: 0, registry: TEST_REGISTRY, suites: [0xfe01, 1] });
    const both = { suites: [1, 0xfe01], registry: TEST_REGISTRY } as Partial<LoginOptions>;
    const session = await login(options(service, both));
    expect(service.seen.length).toBe(3);
    expect(session.live).toBe(false);
    expect(await codeOf(() => session.fetch("/"))).toBe("session_over");
  });

  it("a session is not used after its lifetime", async () => {
    const service = testService({ lifetime: 10 });
    let now = NOW;
    const session = await login(options(service, { clock: () => now }));
    expect(session.live).toBe(true);
    now += 10;
    expect(await codeOf(() => session.sign("GET", `${ORIGIN}/`))).toBe("session_over");
  });

  it("what a hostile server answers", async () => {
    const service = testService();
    const state = (value: string | undefined) => (response: Response): Response => {
      const headers = new Headers(response.headers);
      if (value === undefined) headers.delete("didshake-state");
      else headers.set("didshake-state", value);
      return new Response(response.body, { status: response.status, headers });
    };
    const type = (value: string) => (response: Response): Response =>
      new Response(response.body, { status: response.status, headers: { ...Object.fromEntries(response.headers), "content-type": value } });
    const instead = (body: Uint8Array | null, init: ResponseInit = {}) => (): Response =>
      new Response(body === null ? null : Uint8Array.from(body), { headers: { "content-type": "application/didshake" }, ...init });
    const cases: [(response: Response) => Response, string][] = [
      [state(undefined), "transport"], [state(""), "transport"], [state("AB"), "transport"], [state("AAAA, AAAA"), "transport"],
      [state("A".repeat(4100)), "transport"], [type("text/html"), "transport"], [type("application/didshake, application/didshake"), "transport"],
      [instead(null, { status: 302 }), "transport"], [instead(new Uint8Array(65536)), "message_too_long"],
      [instead(Uint8Array.of(15, 49), { status: 200 }), "peer_alert"], [instead(new Uint8Array()), "message_truncated"],
      [instead(Uint8Array.of(4, 0, 0)), "unexpected_message"],
      // the body decides whatever the status
      [(response) => new Response(response.body, { status: 401, headers: response.headers }), "accepted"],
      [type("Application/DIDShake; x=y"), "accepted"],
    ];
    for (const [change, code] of cases) {
      let first = true;
      const fetch: LoginOptions["fetch"] = async (url, init) => {
        const response = await service.fetch(url, init);
        if (!first) return response;
        first = false;
        return change(response);
      };
      expect(await codeOf(() => login(options(service, { fetch }))), String(change)).toBe(code);
    }
    expect(await codeOf(() => login(options(service, { fetch: () => Promise.reject(new Error("offline")) })))).toBe("transport");
    expect(await codeOf(() => login(options(service, { fetch: () => new Promise(() => undefined), timeout: 20 })))).toBe("timeout");
    for (const url of ["ftp://a.example/", "wss://login.example:8443/didshake", "/didshake", "https://u@login.example/"]) {
      expect(await codeOf(() => login(options(service, { url })))).toBe("caller");
    }
  });

  it("a responder that is not meant learns nothing, and gets no alert", async () => {
    const service = testService();
    expect(await codeOf(() => login(options(service, { meant: { did: newIdentity(1).did } })))).toBe("not_admitted");
    expect(service.seen.length).toBe(1);
  });
});

describe("the responder over HTTP", () => {
  it("refuses what is no message of a handshake without an alert", async () => {
    const { responder } = testService();
    const ask = (body: Uint8Array, more: object = {}) =>
      responder.handle({ method: "POST", contentTypes: ["application/didshake"], states: [], body, ...more });
    expect((await ask(Uint8Array.of(1), { method: "GET" })).status).toBe(405);
    expect((await ask(Uint8Array.of(1), { contentTypes: ["text/plain"] })).status).toBe(415);
    expect((await ask(Uint8Array.of(1), { contentTypes: [] })).status).toBe(415);
    expect(await ask(new Uint8Array(70000).fill(15))).toMatchObject({ status: 400, body: new Uint8Array() });
    const refused: [Uint8Array, number][] = [
      [new Uint8Array(), 50], [Uint8Array.of(9), 10], [new Uint8Array(4097).fill(1), 50], [new Uint8Array(65536).fill(3), 50],
      [Uint8Array.of(1, 2), 70], [Uint8Array.of(3, 0, 0), 49],
    ];
    for (const [body, alert] of refused) {
      const response = await ask(body);
      expect([response.status, toHex(response.body)]).toEqual([401, toHex(Uint8Array.of(15, alert))]);
      expect(response.headers["WWW-Authenticate"]).toBe("DIDShake");
    }
  });

  it("denied does not leave before the delay, other alerts do", async () => {
    const { responder } = testService({}, 60);
    const time = async (body: Uint8Array): Promise<number> => {
      const start = performance.now();
      await responder.handle({ method: "POST", contentTypes: ["application/didshake"], states: [], body });
      return performance.now() - start;
    };
    expect(await time(Uint8Array.of(3, 0, 0))).toBeGreaterThanOrEqual(58);
    expect(await time(Uint8Array.of(9))).toBeLessThan(58);
  });

  it("a failure of our own is internal at a Hello, and denied at the end", async () => {
    const { responder } = testService({ random: () => new Uint8Array(3) });
    const hello = new Initiator({
      binding: HTTP, prologue: utf8(ORIGIN), identity: newIdentity(1), meant: { methods: ["key"] }, applicationProtocol: "didshake.login/1",
      clock: () => NOW, random: systemRandom,
    }).start().message;
    const response = await responder.handle({ method: "POST", contentTypes: ["application/didshake"], states: [], body: hello });
    expect([response.status, [...response.body]]).toEqual([401, [15, 80]]);
    const denying = testService({ burn: { burn: () => Promise.reject(new Error("no store")) } });
    expect(await codeOf(() => login(options(denying)))).toBe("peer_alert");
    expect(denying.log).toEqual(["own_failure"]);
  });

  it("is configured with an origin", () => {
    expect(HTTP).toBe(3);
    expect(() => testService({ prologue: new Uint8Array() })).toThrow("caller");
  });
});

describe("origins, discovery, frames", () => {
  it("serialisation (15.2)", () => {
    const origins: [string, string | undefined][] = [
      ["https://Example.COM/x?y#z", "https://example.com"], ["https://example.com:443", "https://example.com"],
      ["https://example.com:8443/", "https://example.com:8443"], ["wss://example.com/", "https://example.com"], ["ws://[::1]:8080", "http://[::1]:8080"],
      ["http://[::ffff:192.0.2.1]/", "http://[::ffff:c000:201]"], ["https://bücher.example", "https://xn--bcher-kva.example"],
      ["http://127.0.0.1:80", "http://127.0.0.1"], ["http://127.1/", undefined], ["http://0x7f.0.0.1/", undefined], ["http://2130706433", undefined],
      ["https://u@example.com", undefined], ["https://example.com\\x", undefined], ["https:///example.com", undefined], ["https://", undefined],
      ["https://a b", undefined], ["ftp://example.com", undefined], ["data:,x", undefined], ["https://foo.09", undefined], ["https://127.0.0.1.", undefined],
      ["https://example.com\n", undefined], ["//example.com", undefined],
    ];
    for (const [url, origin] of origins) expect(originOf(url)?.origin, url).toBe(origin);
    expect([isLoopback("http://127.5.0.1:1"), isLoopback("http://[::1]"), isLoopback("http://localhost"), isLoopback("http://127.0.0.1.evil.example")])
      .toEqual([true, true, false, false]);
  });

  it("endpoints, claims and domain links are judged by 15.5", async () => {
    const document = parseDocument(utf8(JSON.stringify({
      id: "did:web:a.example",
      service: [
        { type: "DIDShake", serviceEndpoint: "https://a.example/login" },
        { type: ["X", "DIDShake"], serviceEndpoint: ["wss://a.example/ws", "http://a.example/", "http://127.0.0.1:1/", "http://localhost/", 5] },
        { type: "Other", serviceEndpoint: "https://b.example/" },
        { type: "LinkedDomains", serviceEndpoint: { origins: ["https://a.example/"] } },
      ],
    })));
    expect(endpointsOf(document).map(({ url }) => url)).toEqual(["https://a.example/login", "wss://a.example/ws", "http://127.0.0.1:1/"]);
    expect([linksDomain(document, "https://a.example"), linksDomain(document, "https://a.exampl")]).toEqual([true, false]);
    const [listed, foreign] = [endpointOf("https://a.example/login"), endpointOf("https://c.example/")];
    if (listed === undefined || foreign === undefined) throw new Error("endpoints");
    expect([mayUse(listed, "https://b.example"), mayUse(listed, "https://b.example", document), mayUse(foreign, "https://b.example", document)])
      .toEqual([false, true, false]);
    const claim = { did: "did:web:a.example", endpoint: "https://a.example/login", versions: [1], suites: [1, 2], more: {} };
    const text = JSON.stringify(claim);
    expect(readClaim(utf8(text))).toMatchObject({ did: claim.did, endpoint: { url: claim.endpoint }, suites: [1, 2] });
    const bad = [{ ...claim, did: "x" }, { ...claim, endpoint: "http://a.example" }, { ...claim, versions: ["1"] }, { ...claim, suites: 1 }, { did: claim.did }, []];
    for (const one of bad) expect(readClaim(utf8(JSON.stringify(one)))).toBeUndefined();
    expect(readClaim(utf8(text.replace("{", '{"did":"did:a:b",')))).toBeUndefined();
    const json = { "content-type": "application/json" };
    expect(await fetchClaim("https://a.example", async () => new Response(text, { headers: json }))).toMatchObject({ did: claim.did });
    expect(await fetchClaim("https://a.example", async () => new Response(null, { status: 302 }))).toBeUndefined();
    expect(await fetchClaim("https://a.example", async () => new Response(text, { headers: { "content-type": "text/plain" } }))).toBeUndefined();
    expect(await codeOf(() => fetchClaim("http://a.example", async () => new Response(text)))).toBe("caller");
  });

  it("frames of a stream, cut anywhere", async () => {
    const reader = new FrameReader();
    const bytes = [frame(utf8("one")), frame(new Uint8Array()), frame(utf8("three"))].flatMap((part) => [...part]);
    const out: string[] = [];
    for (const byte of bytes) {
      reader.push(Uint8Array.of(byte));
      for (let next = reader.next(10); next !== undefined; next = reader.next(10)) out.push(new TextDecoder().decode(next));
    }
    expect([out, reader.empty]).toEqual([["one", "", "three"], true]);
    reader.push(Uint8Array.of(0, 0, 11));
    expect(await codeOf(() => reader.next(10))).toBe("message_too_long");
    expect(await codeOf(() => reader.next(10, "record_too_long"))).toBe("record_too_long");
  });
});
