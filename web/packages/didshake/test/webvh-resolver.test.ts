import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { utf8 } from "../src/bytes.js";
import { resolveKey } from "../src/resolver.js";
import { DidWebvhResolver, MemorySeenStore, type DidWebvhOptions, type SeenStore, type WebvhFault } from "../src/webvh/index.js";
import { LogHost, type Serve } from "./support/log-host.js";
import { codeOf, NOW } from "./support/loopback.js";
import { committed, keyOf, makeLog, makeWitness, multikey, witnessesOf, type Draft } from "./support/logs.js";

const LOG = "/.well-known/did.jsonl";
const WITNESS = "/.well-known/did-witness.json";
const PLACE = "log.example";
const witnessed: Draft = { parameters: witnessesOf(1, 5) };

let host: LogHost;
beforeAll(async () => void (host = await LogHost.start()));
afterAll(() => host.stop());
beforeEach(() => {
  host.files.clear();
  host.asked.length = 0;
});

const resolverWith = (more: Partial<DidWebvhOptions> = {}): DidWebvhResolver =>
  new DidWebvhResolver({ fetch: host.fetch, seen: new MemorySeenStore(), clock: () => NOW, ...more });
const reasonOf = (did: string, resolver = resolverWith()): Promise<string> =>
  resolver.lookUp(did).then(({ versionId }) => versionId, (fault) => (fault as WebvhFault).reason ?? fault);
/** Serves this log. */
const serve = (bytes: Uint8Array, path = LOG): void => void host.files.set(path, bytes);

describe("a resolver of did:webvh", () => {
  it("asks for the log, whatever type it has, and for witness proofs only where they are needed", async () => {
    const [plain, needy] = [await makeLog(PLACE, {}, {}), await makeLog(`${PLACE}:a:b`, witnessed)];
    serve(plain.bytes);
    expect(await reasonOf(plain.did)).toBe(plain.versions[1]);
    expect(host.asked).toEqual([{ path: LOG, accept: "text/jsonl, */*" }]);
    serve(needy.bytes, "/a/b/did.jsonl");
    expect(await reasonOf(needy.did)).toBe("witness_missing");
    serve(await makeWitness(needy.versions[0] ?? "", 5), "/a/b/did-witness.json");
    expect(await reasonOf(needy.did)).toBe(needy.versions[0]);
    expect(host.asked.slice(3)).toEqual([{ path: "/a/b/did.jsonl", accept: "text/jsonl, */*" }, { path: "/a/b/did-witness.json", accept: "application/json, */*" }]);
  });

  it("asks in plain HTTP only whom the operator has listed", async () => {
    const { did, bytes, versions } = await makeLog(host.place, {});
    serve(bytes);
    expect(await reasonOf(did, resolverWith({ fetch }))).toBe("location");
    expect(await reasonOf(did, resolverWith({ fetch, plainHttp: ["127.0.0.1:1"] }))).toBe("location");
    expect(host.asked).toEqual([]);
    expect(await reasonOf(did, resolverWith({ fetch, plainHttp: [host.authority] }))).toBe(versions[0]);
  });

  it("asks nobody for a DID whose SCID is no hash, or that names no place", async () => {
    const scid = committed(1);
    for (const did of [`did:webvh:word:${PLACE}`, `did:webvh:z${scid.slice(1)}:${PLACE}`]) expect(await reasonOf(did), did).toBe("scid_form");
    for (const place of ["10.0.0.1", "localhost", "169.254.169.254", "a.example:.."]) expect(await reasonOf(`did:webvh:${scid}:${place}`), place).toBe("location");
    expect(host.asked).toEqual([]);
  });

  it("gives a handshake the key, or the error of what is wrong", async () => {
    const faults: string[] = [];
    const resolver = resolverWith({ onFault: (_, { reason }) => faults.push(reason) });
    const judge = async (...drafts: Draft[]): Promise<string> => {
      const { did, bytes } = await makeLog(PLACE, ...drafts);
      serve(bytes);
      return codeOf(() => resolveKey([resolver], { did, fragment: "key-1", now: NOW }));
    };
    const { did, bytes } = await makeLog(PLACE, { parameters: { ttl: 60 } });
    serve(bytes);
    expect(await resolveKey([resolver], { did, fragment: "key-1", now: NOW })).toEqual(keyOf(9).publicKey);
    expect(await resolver.resolve(did)).toMatchObject({ kind: "document", ttl: 60, deactivated: false });
    expect(await judge({ parameters: { deactivated: true } })).toBe("did_deactivated");
    expect(await judge({ state: { service: {} } })).toBe("document_shape");
    expect(await judge({ state: { verificationMethod: [] } })).toBe("method_absent");
    expect(await judge({ signers: [2] })).toBe("did_resolution_failed");
    expect(await judge({ state: { deep: JSON.parse("[".repeat(16) + "]".repeat(16)) as object } })).toBe("document_limits");
    host.files.clear();
    expect(await codeOf(() => resolveKey([resolver], { did, fragment: "key-1", now: NOW }))).toBe("did_not_found");
    expect(faults).toEqual(["key_not_authorised", "too_deep", "not_found"]);
  });
});

describe("what a hostile host answers", () => {
  const status = (code: number, headers: Record<string, string> = {}): Serve => (response) => void response.writeHead(code, headers).end(good);
  let good: Uint8Array;
  let did: string;
  let first: string;
  beforeEach(async () => {
    const made = await makeLog(PLACE, witnessed);
    [good, did, first] = [made.bytes, made.did, made.versions[0] ?? ""];
    serve(good);
    serve(await makeWitness(first, 5), WITNESS);
  });
  const answered = async (file: Serve, path = LOG, more: Partial<DidWebvhOptions> = {}): Promise<string> => {
    host.files.set(path, file);
    return reasonOf(did, resolverWith(more));
  };

  it("is not followed elsewhere", async () => {
    for (const code of [301, 302, 303, 307, 308]) {
      expect(await answered(status(code, { Location: "/elsewhere" })), `${code}`).toBe("redirect");
      expect(await answered(status(code)), `${code}`).toBe("redirect");
    }
    expect(host.asked.map(({ path }) => path)).toEqual(Array(10).fill(LOG));
    serve(good);
    expect(await answered(status(302, { Location: "http://10.0.0.1/" }), WITNESS)).toBe("redirect");
  });

  it("is believed under no other status than 200", async () => {
    for (const code of [201, 204, 206, 400, 401, 403, 500, 503]) expect(await answered(status(code)), `${code}`).toBe("status");
    // the platform takes it for a proxy's
    expect(await answered(status(407))).toMatch(/^(status|transport)$/);
    for (const code of [404, 410]) expect(await answered(status(code)), `${code}`).toBe("not_found");
    serve(good);
    for (const code of [403, 500]) expect(await answered(status(code), WITNESS), `${code}`).toBe("status");
    for (const code of [404, 410]) expect(await answered(status(code), WITNESS), `${code}`).toBe("witness_missing");
  });

  /** Writes until the other side is gone; says then how much. */
  const endless = (chunk: Uint8Array, sent: (bytes: number) => void, headers: Record<string, string> = {}): Serve => (response) => {
    let bytes = 0;
    response.writeHead(200, headers);
    const more = (): void => {
      while (!response.destroyed && response.write(chunk)) bytes += chunk.length;
    };
    response.on("drain", more).on("close", () => sent(bytes));
    more();
  };

  it.each([[LOG, "too_long"], [WITNESS, "witness_too_long"]])("is not read without end: %s", async (path, reason) => {
    const [space, limit] = [utf8(" ".repeat(16_384)), path === LOG ? 1_048_576 : 262_144];
    for (const headers of [{}, { "Content-Length": "1000000000" }] as Record<string, string>[]) {
      const sent = new Promise<number>((resolve) => host.files.set(path, endless(space, resolve, headers)));
      expect(await reasonOf(did)).toBe(reason);
      // what the sockets hold is sent too
      expect(await sent).toBeLessThan(limit + 8_000_000);
    }
    const whole = path === LOG ? good : await makeWitness(first, 5);
    const longest = utf8(new TextDecoder().decode(whole).replace(/\n?$/, (end) => " ".repeat(limit - whole.length) + end));
    const spaced = path === LOG ? "entry_too_long" : first;
    for (const [length, wanted] of [[limit, spaced], [limit + 1, reason]] as const) {
      host.files.set(path, (response) => {
        response.write(longest);
        response.end(" ".repeat(length - limit));
      });
      expect(await reasonOf(did)).toBe(wanted);
    }
  });

  it("is bounded by what comes out of its compression", async () => {
    const bomb = gzipSync(new Uint8Array(64_000_000));
    expect(bomb.length).toBeLessThan(70_000);
    const coded = (bytes: Uint8Array): Serve => (response) => void response.writeHead(200, { "Content-Encoding": "gzip" }).end(bytes);
    expect(await answered(coded(bomb))).toBe("too_long");
    expect(await answered(coded(gzipSync(good)))).toBe(first);
    expect(await answered(coded(good))).toBe("transport");
    expect(await answered((response) => void response.end(gzipSync(good)))).toMatch(/^(json|truncated)$/);
  });

  it("has a time for all of it", async () => {
    const slowly: Serve = (response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(" "), 10);
      response.on("close", () => clearInterval(timer));
    };
    const stalls: Serve[] = [slowly, () => undefined, (response) => void response.flushHeaders(), (response) => void response.write(good.subarray(0, 99))];
    for (const stall of stalls) {
      expect(await answered(stall, LOG, { timeout: 300 })).toBe("deadline");
      serve(good);
      expect(await answered(stall, WITNESS, { timeout: 300 })).toBe("deadline");
      serve(await makeWitness(first, 5), WITNESS);
    }
    // also where the `fetch` that was given knows no signal
    expect(await reasonOf(did, resolverWith({ timeout: 50, fetch: () => new Promise(() => undefined) }))).toBe("deadline");
  });

  it("ends when the attempt ends", async () => {
    const stop = new AbortController();
    host.files.set(LOG, () => stop.abort());
    await expect(resolverWith().lookUp(did, { signal: stop.signal })).rejects.toMatchObject({ reason: "transport" });
  });

  it("is no answer where it breaks off, or is no HTTP", async () => {
    const cut = (bytes: Uint8Array): Serve => (response) => {
      response.writeHead(200, { "Content-Length": `${good.length}` });
      response.write(bytes, () => response.socket?.destroy());
    };
    const raw = (text: string): Serve => (response) => void response.socket?.end(text);
    expect(await answered(cut(good.subarray(0, 99)))).toBe("transport");
    expect(await answered(raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}"))).toBe("transport");
    for (const text of ["", "SSH-2.0-x\r\n", `${"x".repeat(1000)}`]) expect(await answered(raw(text)), text).toBe("transport");
  });
});

describe("what was seen before", () => {
  // R-WEBVH-10
  it("is not taken back: an older log is rolled back, another one is forked, and a longer one goes on", async () => {
    const [a, b]: [Draft, Draft] = [{}, { parameters: { ttl: 1 } }];
    const [one, two, three, other] = await Promise.all([[a], [a, a], [a, a, a], [a, b, a]].map((drafts) => makeLog(PLACE, ...drafts)));
    const seen = new MemorySeenStore();
    // each time anew, as after a restart
    const ask = (log = one): Promise<string> => {
      serve(log?.bytes ?? new Uint8Array());
      return reasonOf(log?.did ?? "", resolverWith({ seen }));
    };
    const newest = two?.versions[1];
    expect([await ask(one), await ask(two), await ask(two)]).toEqual([one?.versions[0], newest, newest]);
    expect([await ask(one), await ask(other), await ask(one)]).toEqual(["rolled_back", "forked", "rolled_back"]);
    expect([await ask(three), await ask(two)]).toEqual([three?.versions[2], "rolled_back"]);
    const scid = (one?.did ?? "").split(":")[2] ?? "";
    expect(await seen.newest(scid)).toBe(three?.versions[2]);
  });

  it("counts for the DID that a log had before it moved", async () => {
    const portable: Draft = { parameters: { portable: true } };
    const before = await makeLog(PLACE, portable);
    const id = `did:webvh:{SCID}:else.example`;
    const method = { id: "#key-1", type: "Multikey", controller: id, publicKeyMultibase: multikey(9) };
    const after = await makeLog(PLACE, portable, { state: { id, alsoKnownAs: [`did:webvh:{SCID}:${PLACE}`], verificationMethod: [method] } });
    const resolver = resolverWith();
    serve(after.bytes);
    expect(await reasonOf(before.did, resolver)).toBe("moved");
    serve(before.bytes);
    expect(await reasonOf(before.did, resolver)).toBe("rolled_back");
    serve(after.bytes);
    expect(await reasonOf(before.did.replace(PLACE, "else.example"), resolver)).toBe(after.versions[1]);
  });

  it("is one history, however many ask at one time", async () => {
    const [a, b] = [await makeLog(PLACE, {}, {}), await makeLog(PLACE, {}, { parameters: { ttl: 1 } })];
    let turn = 0;
    host.files.set(LOG, (response) => void response.end(turn++ % 2 === 0 ? a.bytes : b.bytes));
    const seen = new MemorySeenStore();
    const answers = await Promise.all(Array.from({ length: 20 }, () => reasonOf(a.did, resolverWith({ seen }))));
    const good = [...new Set(answers.filter((answer) => answer !== "forked"))];
    expect(good).toHaveLength(1);
    expect(await seen.newest(a.did.split(":")[2] ?? "")).toBe(good[0]);
    expect(answers.filter((answer) => answer === "forked")).toHaveLength(10);
  });

  it("has to be known, and kept, or nothing resolves", async () => {
    const { did, bytes } = await makeLog(PLACE, {});
    serve(bytes);
    const broken = (): Promise<never> => Promise.reject(new Error("the disk is gone"));
    const stores: SeenStore[] = [
      { newest: broken, replace: async () => true }, { newest: async () => undefined, replace: broken },
      { newest: async () => undefined, replace: async () => false },
    ];
    for (const seen of stores) expect(await reasonOf(did, resolverWith({ seen }))).toBe("history");
  });

  it("is written where a log advanced, and not each time that it is looked at", async () => {
    const [memory, written] = [new MemorySeenStore(), [] as string[]];
    const seen: SeenStore = { newest: (scid) => memory.newest(scid), replace: (...how) => (written.push(how[2]), memory.replace(...how)) };
    const [one, two] = [await makeLog(PLACE, {}), await makeLog(PLACE, {}, {})];
    for (const { bytes } of [one, one, two, two]) {
      serve(bytes);
      await resolverWith({ seen }).lookUp(one.did);
    }
    expect(written).toEqual([one.versions[0], two.versions[1]]);
  });

  it("stays as it was where a log is refused", async () => {
    const { did, bytes, versions } = await makeLog(PLACE, {});
    const bad = await makeLog(PLACE, {}, { signers: [2] });
    const [seen, scid] = [new MemorySeenStore(), did.split(":")[2] ?? ""];
    serve(bad.bytes);
    expect(await reasonOf(did, resolverWith({ seen }))).toBe("key_not_authorised");
    expect(await seen.newest(scid)).toBeUndefined();
    serve(bytes);
    expect(await reasonOf(did, resolverWith({ seen }))).toBe(versions[0]);
  });
});
