import { describe, expect, it } from "vitest";
import { utf8 } from "../src/bytes.js";
import { verifyLog, WebvhFault, webvhUrls, type VerifyLogOptions } from "../src/webvh/index.js";
import { canonical } from "../src/webvh/jcs.js";
import { toBase58 } from "../src/encoding.js";
import { parseJson } from "../src/json.js";
import { didKey, toMultibase } from "../src/keys.js";
import { loadWebvh } from "./support/files.js";
import { newIdentity, NOW } from "./support/loopback.js";
import { committed, makeLog, makeWitness, multikey, witnessesOf, type Draft } from "./support/logs.js";
import { logOf, runWebvh } from "./support/webvh.js";
import type { WebvhVector } from "./support/vector.js";

const PLACE = "log.example";
const { vectors } = loadWebvh();
const vectorOf = (id: string): WebvhVector => structuredClone(vectors.find((vector) => vector.id === id) as WebvhVector);

const reasonOf = (run: Promise<unknown>): Promise<string> => run.then(() => "accepted", (fault) => (fault as WebvhFault).reason);
const judge = async (drafts: readonly Draft[], more: Partial<VerifyLogOptions> = {}): Promise<string> => {
  const { did, bytes } = await makeLog(PLACE, ...drafts);
  return reasonOf(verifyLog(bytes, { did, now: NOW, ...more }));
};

describe("the harness of logs", () => {
  it("notices another result, another cause, and what is accepted", async () => {
    const good = vectorOf("w-three");
    const bad = vectorOf("w-hash-last");
    const resolution = good.resolution as NonNullable<WebvhVector["resolution"]>;
    for (const [name, value] of Object.entries({ version_id: "3-x", deactivated: true, ttl: 1, document: "{}" })) {
      await expect(runWebvh({ ...good, resolution: { ...resolution, [name]: value } }), name).rejects.toThrow("instead of");
    }
    await expect(runWebvh({ ...bad, fails: { error: "did_resolution_failed", cause: "scid" } })).rejects.toThrow("cause");
    await expect(runWebvh({ ...bad, fails: { error: "document_limits", cause: "entry_hash" } })).rejects.toThrow("error");
    await expect(runWebvh({ ...good, kind: "negative", fails: { error: "x", cause: "y" } })).rejects.toThrow("accepted");
  });
});

describe("a log", () => {
  it("cannot be changed in any byte, nor cut but at the end of a line or before its last line feed", async () => {
    const vector = vectorOf("w-rotated");
    const [bytes, view] = [logOf(vector), { did: vector.view.did, now: vector.view.now }];
    for (let at = 0; at < bytes.length; at += 7) {
      const changed = bytes.map((byte, place) => (place === at ? byte ^ (1 << at % 8) : byte));
      expect(await reasonOf(verifyLog(changed, view)), `${at}`).not.toBe("accepted");
      const reason = await reasonOf(verifyLog(bytes.subarray(0, at), view));
      const isWhole = bytes[at - 1] === 0x0a || bytes[at] === 0x0a;
      expect(reason, `${at}`).toBe(isWhole ? "accepted" : at === 0 ? "empty" : "truncated");
    }
  });

  // R-WEBVH-2
  it("is refused for the first of its faults", async () => {
    const later = "9999-01-01T00:00:00Z";
    const [number, unknown, method, ttl] = [{ a: 0.5 }, { more: 1 }, { method: "did:webvh:2.0" }, { ttl: -1 }];
    const orders: [Draft, string][] = [
      [{ spoil: () => "[1,", parameters: unknown }, "json"],
      [{ spoil: (entry) => ({ ...entry, more: 0.5 }) }, "shape"],
      [{ state: number, spoil: (entry) => ({ ...entry, versionId: "x" }) }, "number"],
      [{ time: later, spoil: (entry) => ({ ...entry, versionId: "x" }) }, "version_id"],
      [{ time: later, spoil: (entry) => ({ ...entry, versionId: `7-${committed(1)}` }) }, "version_number"],
      [{ time: "now", parameters: unknown }, "version_time"],
      [{ time: later, parameters: unknown }, "time_future"],
      [{ parameters: { ...unknown, ...method } }, "unknown_parameter"],
      [{ parameters: { ...method, ...ttl } }, "method_version"],
      [{ parameters: { ...ttl, portable: true } }, "parameter"],
      [{ parameters: { portable: true }, state: { id: "did:web:a.example" } }, "portable_late"],
      [{ state: { id: "did:web:a.example" }, time: "2020-01-01T00:00:00Z" }, "state_id"],
      [{ state: { id: `did:webvh:${committed(1)}:${PLACE}` }, time: "2020-01-01T00:00:00Z" }, "time_order"],
      [{ state: { id: `did:webvh:${committed(1)}:${PLACE}` }, spoil: (entry) => ({ ...entry, versionId: `2-${committed(1)}` }) }, "other_scid"],
      [{ signers: [2], spoil: (entry) => ({ ...entry, versionId: `2-${committed(1)}` }) }, "entry_hash"],
      [{ state: { id: `did:webvh:{SCID}:else.example` }, parameters: { updateKeys: [multikey(3)] }, signers: [3] }, "pre_rotation"],
      [{ state: { id: `did:webvh:{SCID}:else.example` }, signers: [] }, "not_portable"],
      [{ signers: [3], spoil: ({ proof, ...entry }) => ({ ...entry, proof: [...(proof as object[]), { cryptosuite: "x" }] }) }, "cryptosuite"],
      [{ signers: [3], spoil: ({ proof, ...entry }) => ({ ...entry, proof: [...(proof as object[]), "x"] }) }, "proof_shape"],
      [{ signers: [1, 3], spoil: (entry) => JSON.stringify(entry).replace(/("proofValue":"z)[^"]*/, `$1${"1".repeat(64)}`) }, "key_not_authorised"],
    ];
    for (const [draft, reason] of orders) {
      // what comes behind it is worse still, and is not looked at
      const before = { parameters: reason === "pre_rotation" ? { nextKeyHashes: [committed(2)] } : {} };
      expect(await judge([before, draft, { spoil: () => "no JSON" }]), reason).toBe(reason);
    }
  });

  it("is refused for what is wrong in it before what surrounds it is looked at", async () => {
    const [one, two] = [{ parameters: witnessesOf(1, 5) }, { spoil: (entry: object) => ({ ...entry, proof: [] }) }];
    const { did, bytes, versions } = await makeLog(PLACE, one);
    const [first = "", seen, view] = [versions[0], `2-${committed(1)}`, { did, now: NOW }];
    expect(await judge([one, two], { seen })).toBe("proof_shape");
    expect(await reasonOf(verifyLog(bytes, { ...view, seen }))).toBe("witness_missing");
    expect(await reasonOf(verifyLog(bytes, { ...view, seen, witness: utf8("[]") }))).toBe("witness_missing");
    const [witness, more] = [await makeWitness(first, 5), await makeLog(PLACE, one, { state: { id: "did:webvh:{SCID}:else.example" } })];
    expect(await reasonOf(verifyLog(bytes, { ...view, seen, witness }))).toBe("rolled_back");
    expect(await reasonOf(verifyLog(bytes, { ...view, seen: `1-${committed(1)}`, witness }))).toBe("forked");
    expect(await reasonOf(verifyLog(bytes, { ...view, witness }))).toBe("accepted");
    expect(await reasonOf(verifyLog(more.bytes, { ...view, did: more.did, witness }))).toBe("not_portable");
  });

  it("is refused for what no vector has: each of these is the only fault", async () => {
    const witness = (more: object, count = 1): Draft => ({
      parameters: { witness: { threshold: 1, witnesses: Array.from({ length: count }, (_, at) => ({ id: `did:key:${multikey(at + 1)}` })), ...more } },
    });
    const proof = (change: (one: Record<string, string>) => object): Draft => ({
      spoil: (entry) => ({ ...entry, proof: (entry["proof"] as Record<string, string>[]).map((one) => ({ ...one, ...change(one) })) }),
    });
    const p256 = didKey(newIdentity(2).signer.publicKey).slice("did:key:".length);
    const noPoint = toMultibase({ algorithm: 1, bytes: new Uint8Array(32).fill(2) });
    const deep = (levels: number): Draft => ({ state: { deep: JSON.parse("[".repeat(levels) + "]".repeat(levels)) as object } });
    const cases: [Draft, string][] = [
      [{ spoil: (entry) => ({ ...entry, versionId: 1 }) }, "shape"],
      [{ spoil: (entry) => ({ ...entry, versionId: "1-x" }) }, "version_id"],
      [{ spoil: (entry) => ({ ...entry, versionId: `0-${committed(1)}` }) }, "version_number"],
      [{ parameters: { scid: committed(3) } }, "other_scid"], [{ parameters: { scid: undefined } }, "parameter"], [{ parameters: { scid: 1 } }, "parameter"],
      [{ parameters: { updateKeys: undefined } }, "parameter"],
      [{ parameters: { watchers: ["\u00e9".repeat(1025)] } }, "parameter"], [{ parameters: { watchers: ["\u00e9".repeat(1024)] } }, "accepted"],
      [witness({ more: 1 }), "parameter"], [witness({}, 33), "parameter"], [witness({}, 32), "witness_missing"],
      [proof(() => ({ created: 1 })), "proof_shape"], [proof(() => ({ id: null })), "proof_shape"],
      [proof(() => ({ verificationMethod: `did:key:${p256}#${p256}` })), "proof_shape"],
      [proof(() => ({ verificationMethod: `did:key:${noPoint}#${noPoint}` })), "proof_shape"],
      [witness({ witnesses: [{ id: `did:key:${noPoint}` }] }), "parameter"],
      [proof(({ proofValue }) => ({ proofValue: proofValue?.replace("z", "Z") })), "proof_shape"],
      [deep(15), "accepted"], [deep(16), "too_deep"],
    ];
    for (const [at, [draft, reason]] of cases.entries()) expect(await judge([draft]), `${at}`).toBe(reason);
    const scid = toBase58(Uint8Array.of(0x12, 0x21, ...new Uint8Array(32).fill(1)));
    expect([scid.length, await judge([{}], { did: `did:webvh:${scid}:${PLACE}` })]).toEqual([46, "scid_form"]);
  });

  it("sets both parameters in pre-rotation, also where the key and the commitment would stay good", async () => {
    const [before, both] = [{ parameters: { nextKeyHashes: [committed(1)] } }, { updateKeys: [multikey(1)], nextKeyHashes: [committed(1)] }];
    expect(await judge([before, { parameters: both }])).toBe("accepted");
    for (const name of ["updateKeys", "nextKeyHashes"] as const) expect(await judge([before, { parameters: { [name]: both[name] } }])).toBe("pre_rotation");
  });

  it("may have 1,024 entries, and no more", async () => {
    const entry = "{}\n".repeat(1024);
    const view = { did: `did:webvh:${committed(1)}:${PLACE}`, now: NOW };
    expect(await reasonOf(verifyLog(utf8(entry), view))).toBe("shape");
    expect(await reasonOf(verifyLog(utf8(entry.slice(0, -1)), view))).toBe("shape");
    const more = new WebvhFault("too_many_entries");
    for (const end of ["{}", "{}\n", "\n"]) await expect(verifyLog(utf8(entry + end), view)).rejects.toEqual(more);
    expect(more.code).toBe("document_limits");
  });

  it("has names that stay different when the SCID is put in them", async () => {
    const { did, bytes } = await makeLog(PLACE, { state: { "{SCID}": 1 } });
    const scid = did.split(":")[2] as string;
    expect(await reasonOf(verifyLog(bytes, { did, now: NOW }))).toBe("accepted");
    const twice = utf8(new TextDecoder().decode(bytes).replace(`"${scid}":1`, `"${scid}":1,"{SCID}":1`));
    expect(await reasonOf(verifyLog(twice, { did, now: NOW }))).toBe("scid");
  });

  it("is of a document that has no two methods with one id", async () => {
    const state = { authentication: ["#key-1", { id: "#key-1", type: "x", controller: "y" }] };
    expect(await judge([{ state }])).toBe("document_duplicate_id");
    expect(await judge([{ state: { service: Array(65).fill({}) } }])).toBe("document_limits");
  });

  it("is given up as soon as nobody waits for it", async () => {
    const { did, bytes } = await makeLog(PLACE, ...Array<Draft>(40).fill({ signers: [1] }));
    const stop = new AbortController();
    const late = verifyLog(bytes, { did, now: NOW, signal: stop.signal });
    setTimeout(() => stop.abort(new Error("nobody waits")), 0);
    await expect(late).rejects.toThrow("nobody waits");
  });
});

describe("witness proofs", () => {
  const one = { parameters: witnessesOf(1, 5, 6) };
  const judgeFile = async (file: (version: string) => Promise<Uint8Array> | Uint8Array): Promise<string> => {
    const { did, bytes, versions } = await makeLog(PLACE, one);
    return reasonOf(verifyLog(bytes, { did, now: NOW, witness: await file(versions[0] ?? "") }));
  };
  const repeated = (versionId: string, count: number, lists = 1): Uint8Array =>
    utf8(JSON.stringify(Array(lists).fill({ versionId, proof: Array(count).fill({}) })));

  it("are at most 262,144 bytes, 1,024 in all and 32 each", async () => {
    const padded = async (version: string, length: number): Promise<Uint8Array> => {
      const text = new TextDecoder().decode(await makeWitness(version, 5));
      return utf8(text.padEnd(length));
    };
    expect(await judgeFile((version) => padded(version, 262_144))).toBe("accepted");
    expect(await judgeFile((version) => padded(version, 262_145))).toBe("witness_too_long");
    expect(await judgeFile((version) => repeated(version, 32, 32))).toBe("witness_missing");
    expect(await judgeFile((version) => repeated(version, 33))).toBe("witness_too_long");
    expect(await judgeFile((version) => repeated(version, 31, 34))).toBe("witness_too_long");
    expect(await judgeFile(() => repeated("of another log", 33))).toBe("witness_too_long");
    expect(new WebvhFault("witness_too_long").code).toBe("document_limits");
  });

  it("are of those who were witnesses before the entry, not of those whom it names", async () => {
    const { did, bytes, versions: [first = "", last = ""] } = await makeLog(PLACE, { parameters: witnessesOf(1, 5) }, { parameters: witnessesOf(1, 6) });
    const file = async (...proofs: [string, number][]): Promise<string> => {
      const parts = await Promise.all(proofs.map(async ([version, key]) => JSON.parse(new TextDecoder().decode(await makeWitness(version, key))) as object[]));
      return reasonOf(verifyLog(bytes, { did, now: NOW, witness: utf8(JSON.stringify(parts.flat())) }));
    };
    expect(await file([last, 5])).toBe("accepted");
    expect(await file([first, 5], [last, 6])).toBe("witness_unknown");
    expect(await file([first, 5])).toBe("witness_missing");
  });

  it("are not looked at where no entry needs them", async () => {
    expect(await judge([{}], { witness: utf8("no JSON") })).toBe("accepted");
  });
});

describe("JCS", () => {
  // R-WEBVH-3; RFC 8785, sections 3.2.2.2 and 3.2.3, without their fractions
  it("is that of RFC 8785", () => {
    const text = '{"literals":[null,true,false],"numbers":[1e2,-0,1.0,9007199254740991],"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/"}';
    const written = '{"literals":[null,true,false],"numbers":[100,0,1,9007199254740991],"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}';
    expect(new TextDecoder().decode(canonical(parseJson(utf8(text), 3)))).toBe(written);
    const names = '{"\u20ac":1,"\\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}';
    const sorted = new TextDecoder().decode(canonical(parseJson(utf8(names), 1)));
    expect(sorted).toBe('{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}');
  });
});

describe("the place of a log", () => {
  it("is what the DID names", () => {
    const scid = committed(1);
    expect(webvhUrls(`did:webvh:${scid}:a.example`)).toEqual({
      log: "https://a.example/.well-known/did.jsonl", witness: "https://a.example/.well-known/did-witness.json",
    });
    expect(webvhUrls(`did:webvh:${scid}:A.example%3A8443:x:y`)?.log).toBe("https://a.example:8443/x/y/did.jsonl");
    expect(webvhUrls(`did:webvh:${scid}:127.0.0.1%3A80`, ["127.0.0.1:80"])).toBeUndefined();
    expect(webvhUrls(`did:webvh:${scid}:127.0.0.1%3A8400`, ["127.0.0.1:8400"])?.log).toBe("http://127.0.0.1:8400/.well-known/did.jsonl");
    for (const place of ["", "127.0.0.1", "localhost", "a", "a.example:..", "a.example:", "a.example%2Fx", "a.example:%2e%2e", "u%40a.example"]) {
      expect(webvhUrls(`did:webvh:${scid}:${place}`), place).toBeUndefined();
    }
    expect(webvhUrls(`did:webvh:${scid}`)).toBeUndefined();
  });
});
