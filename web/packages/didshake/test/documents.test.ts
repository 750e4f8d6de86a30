import { describe, expect, it } from "vitest";
import { utf8 } from "../src/bytes.js";
import { isDid, isDidUrl, isFragment, methodUrl } from "../src/did.js";
import { methodKey, parseDocument } from "../src/document.js";
import { fromBase58, fromBase64url, toBase58, toBase64url } from "../src/encoding.js";
import { didJwk, didJwkKey, didKey, didKeyKey, toMultibase } from "../src/keys.js";
import { resolveKey, type Resolution } from "../src/resolver.js";
import { parseTime } from "../src/times.js";
import { DidWebResolver, didWebUrl } from "../src/web.js";
import { LogHost } from "./support/log-host.js";
import { codeOf, newIdentity, seeded } from "./support/loopback.js";

const DID = "did:web:a.example";
const key = newIdentity(1).signer.publicKey;
const method = { id: `${DID}#k`, type: "Multikey", controller: DID, publicKeyMultibase: toMultibase(key) };
const good = { id: DID, verificationMethod: [method], authentication: ["#k"] };
const read = (document: unknown, fragment = "k", now = 1000): unknown =>
  methodKey(parseDocument(utf8(JSON.stringify(document))), DID, fragment, false, now);

describe("documents", () => {
  it("the first fault decides (9.6)", async () => {
    const faults: [Record<string, unknown>, string][] = [
      [{ authentication: new Array(65).fill("#k") }, "document_limits"],
      [{ service: {} }, "document_shape"],
      [{ verificationMethod: [method, method] }, "document_duplicate_id"],
      [{ id: "did:web:b.example" }, "document_id_mismatch"],
    ];
    for (let i = 0; i < faults.length; i++) {
      // each fault alone, and with all later ones
      expect(await codeOf(() => read({ ...good, ...faults[i]?.[0] }))).toBe(faults[i]?.[1]);
      const later = Object.assign({}, ...faults.slice(i).map(([change]) => change).reverse()) as object;
      expect(await codeOf(() => read({ ...good, ...later }))).toBe(faults[i]?.[1]);
    }
    const changes: [Record<string, unknown>, string][] = [
      [{ controller: "did:web:b.example" }, "method_controller"],
      [{ expires: "soon" }, "method_time"],
      [{ revoked: "1970-01-01T00:16:40Z" }, "method_revoked"],
      [{ expires: "1970-01-01T00:16:40Z" }, "method_expired"],
      [{ publicKeyJwk: {} }, "method_key_form"],
    ];
    for (const [change, code] of changes) {
      expect(await codeOf(() => read({ ...good, verificationMethod: [{ ...method, ...change }] }))).toBe(code);
    }
    const all = Object.assign({}, ...changes.map(([change]) => change)) as object;
    expect(await codeOf(() => read({ ...good, verificationMethod: [{ ...method, ...all }] }))).toBe("method_controller");
    expect(read(good)).toEqual(key);
  });

  it("an absent method of a cached document is looked for once more (R-DOC-18)", async () => {
    const asked: boolean[] = [];
    const old = utf8(JSON.stringify({ ...good, verificationMethod: [], authentication: [] }));
    const resolver = {
      methods: ["web"],
      resolve: async (_: string, { fresh }: { fresh: boolean }): Promise<Resolution> => {
        asked.push(fresh);
        return { kind: "document", bytes: fresh ? utf8(JSON.stringify(good)) : old, cached: !fresh };
      },
    };
    expect(await resolveKey([resolver], { did: DID, fragment: "k", now: 0 })).toEqual(key);
    expect(await codeOf(() => resolveKey([resolver], { did: DID, fragment: "l", now: 0 }))).toBe("method_absent");
    expect(asked).toEqual([false, true, false, true]);
  });

  it("times", () => {
    const at = (text: string): number | undefined => parseTime(text);
    expect(at("1970-01-01T00:00:00Z")).toBe(0);
    expect(at("0000-01-01T00:00:00Z")).toBe(-62167219200);
    expect(at("0099-12-31T23:59:59Z")).toBe(-59011459201);
    expect(at("9999-12-31T23:59:59.999999999Z")).toBe(253402300799);
    expect(at("2000-02-29T12:00:00+01:30")).toBe(951820200);
    expect(at("2024-02-29T00:00:00-00:00")).toBe(1709164800);
    for (const bad of ["2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2024-04-31T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:00:60Z",
      "2024-01-01T00:00:00", "2024-01-01t00:00:00Z", "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00+24:00", "2024-01-01T00:00:00Z\n", "12024-01-01T00:00:00Z"]) {
      expect(at(bad), bad).toBeUndefined();
    }
  });
});

describe("DIDs and encodings", () => {
  it("syntax", () => {
    for (const did of ["did:a:b", "did:web:a::b", "did:web::b", "did:x9:%aF:.-_"]) expect(isDid(did), did).toBe(true);
    for (const did of ["did:a:", "did::b", "DID:a:b", "did:A:b", "did:a:b:", "did:a:b#c", "did:a:%g0", "did:a:b/c", "did:a:é", "", `did:a:${"b".repeat(2043)}`]) {
      expect(isDid(did), did).toBe(false);
    }
    for (const url of [DID, `${DID}#`, `${DID}/p?q=1#f`, `${DID}?`, `${DID}#a/b?c`]) expect(isDidUrl(url), url).toBe(true);
    for (const url of ["#x", "key-1", `${DID}#a#b`, `${DID}:`, `${DID}/<`, "https://a.example", `${DID}#\n`]) expect(isDidUrl(url), url).toBe(false);
    expect([isFragment(""), isFragment("a%20b"), isFragment("a b"), isFragment("a%2")]).toEqual([true, true, false, false]);
    const did = didKey(key);
    expect(methodUrl(did, "")).toBe(`${did}#${did.slice(8)}`);
    expect(methodUrl(DID, "k")).toBe(`${DID}#k`);
  });

  it("keys survive their DIDs", () => {
    for (const algorithm of [1, 2] as const) {
      for (let i = 0; i < 10; i++) {
        const own = newIdentity(algorithm).signer.publicKey;
        expect(didKeyKey(didKey(own))).toEqual(own);
        expect(didJwkKey(didJwk(own))).toEqual(own);
      }
    }
  });

  it("base64url and base58 are inverse and canonical", () => {
    const random = seeded(4);
    for (let length = 0; length < 60; length++) {
      const bytes = Uint8Array.from({ length }, () => random(256));
      expect(fromBase64url(toBase64url(bytes))).toEqual(bytes);
      expect(toBase64url(bytes)).toBe(Buffer.from(bytes).toString("base64url"));
      if (length < 40) expect(fromBase58(toBase58(bytes))).toEqual(bytes);
    }
    for (const bad of ["A", "AB", "AAB", "AA==", "A+", "A A", "AAAAA"]) expect(fromBase64url(bad), bad).toBeUndefined();
    for (const bad of ["0", "O", "I", "l", "z".repeat(61)]) expect(fromBase58(bad)).toBeUndefined();
  });
});

describe("did:web", () => {
  it("from the DID to the URL", () => {
    const urls: [string, string][] = [
      ["did:web:a.example", "https://a.example/.well-known/did.json"],
      ["did:web:A.Example%3A8443:x:y", "https://a.example:8443/x/y/did.json"],
      ["did:web:a.example%3A443", "https://a.example/.well-known/did.json"],
      ["did:web:a.example:%C3%A9%20", "https://a.example/%C3%A9%20/did.json"],
    ];
    for (const [did, url] of urls) expect(didWebUrl(did)).toBe(url);
    expect(didWebUrl("did:web:127.0.0.1%3A8400", ["127.0.0.1:8400"])).toBe("http://127.0.0.1:8400/.well-known/did.json");
    for (const rest of ["127.0.0.1", "2130706433", "0x7f000001", "127.1", "a.0x1", "localhost", "printer", "a.local", "a.internal", "user%40a.example",
      "a.example%2F", "a..example", "a.example.", "-a.example", "a_b.example", "a.example%3A", "a.example%3A0", "a.example%3A65536", "a.example%3A080",
      "a.example%3A80%3A80", "a.example:..", "a.example:.", "a.example::b", "a.example:%2e%2e", "a.example:%2f", "a.example:%00", "a.example:%252e",
      "a.example:%c0%af", "a.example:%61", "%5B%3A%3A1%5D", "127.0.0.1%3A8401"]) {
      expect(didWebUrl(`did:web:${rest}`, ["127.0.0.1:8400"]), rest).toBeUndefined();
    }
  });

  it("what comes is judged by status, type, coding and length", async () => {
    const answer = (body: string | null, init: ResponseInit): (() => Promise<Response>) => async () => new Response(body, init);
    const type = { "content-type": "application/did+json" };
    const cases: [() => Promise<Response>, string][] = [
      [answer("{}", { status: 200, headers: type }), "document"],
      [answer("{}", { status: 200, headers: { "content-type": "application/JSON; x=y" } }), "document"],
      [answer("{}", { status: 404, headers: type }), "not_found"],
      [answer("{}", { status: 410, headers: type }), "not_found"],
      [answer("{}", { status: 500, headers: type }), "failed"],
      [answer("{}", { status: 206, headers: type }), "failed"],
      [answer(null, { status: 302, headers: { location: "https://b.example" } }), "failed"],
      [answer("{}", { status: 200, headers: { "content-type": "text/html" } }), "failed"],
      [answer("{}", { status: 200, headers: { ...type, "content-encoding": "gzip" } }), "failed"],
      [answer(" ".repeat(65537), { status: 200, headers: type }), "too_long"],
      [answer("{}", { status: 200, headers: { ...type, "content-length": "65537" } }), "too_long"],
      [() => Promise.reject(new Error("no network")), "failed"],
    ];
    for (const [fetch, kind] of cases) {
      expect((await new DidWebResolver({ fetch }).resolve(DID)).kind).toBe(kind);
    }
    const stalls = new DidWebResolver({ timeout: 20, fetch: (_, { signal }) => new Promise((_, reject) => signal?.addEventListener("abort", reject)) });
    expect((await stalls.resolve(DID)).kind).toBe("failed");
  });

  it("an answer that is not read to its end is let go", async () => {
    const host = await LogHost.start();
    const json = { "Content-Type": "application/json" };
    const answers: [number, Record<string, string>][] = [
      [500, json], [302, { Location: "/" }], [404, json], [200, { "Content-Type": "text/html" }], [200, { ...json, "Content-Length": "1000000000" }],
    ];
    for (const [status, headers] of answers) {
      const gone = new Promise((resolve) => host.files.set("/.well-known/did.json", (response) => {
        response.on("close", resolve).writeHead(status, headers).write(" ".repeat(1000));
      }));
      expect((await new DidWebResolver({ fetch: host.fetch }).resolve(DID)).kind).not.toBe("document");
      await gone;
    }
    await host.stop();
  });
});
