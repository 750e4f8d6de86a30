import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { systemClock } from "../src/config.js";
import { resolveKey } from "../src/resolver.js";
import { toHex } from "../src/bytes.js";
import { DidWebvhResolver, MemorySeenStore, type WebvhFault } from "../src/webvh/index.js";
import { codeOf } from "../test/support/loopback.js";
import { LogHost } from "../test/support/log-host.js";

const home = mkdtempSync(join(tmpdir(), "didshake-webvh-"));
const www = join(home, "www");
let host: LogHost;
beforeAll(async () => {
  mkdirSync(www);
  host = await LogHost.start();
  // what the program has published is what the host serves
  for (const file of ["did.jsonl", "did-witness.json"]) {
    host.files.set(`/alice/${file}`, (response) => {
      try {
        response.end(readFileSync(join(www, file)));
      } catch {
        response.writeHead(404).end();
      }
    });
  }
});
afterAll(async () => {
  await host.stop();
  rmSync(home, { recursive: true, force: true });
});

/** Runs the program that DIDSHAKE names; gives what it prints. A refusal that says why has `error`. */
async function program(...arguments_: string[]): Promise<Record<string, unknown>> {
  const name = process.env["DIDSHAKE"];
  if (name === undefined) throw new Error("DIDSHAKE names no program: cargo build --release, then DIDSHAKE=…/target/release/didshake");
  const run = promisify(execFile)(name, ["--json", "--batch", ...arguments_], { env: { PATH: process.env["PATH"], HOME: home } });
  const { stdout } = await run.catch((fault: { stdout: string; stderr: string }) => ({ stdout: fault.stdout || fault.stderr }));
  return JSON.parse(stdout) as Record<string, unknown>;
}

const resolver = (seen: MemorySeenStore): DidWebvhResolver => new DidWebvhResolver({ fetch: host.fetch, seen, clock: systemClock });
const look = (did: string, seen: MemorySeenStore): Promise<string> =>
  resolver(seen).lookUp(did).then(({ versionId }) => versionId, (fault) => (fault as WebvhFault).reason);

/** The key that signs handshakes. */
async function keyOf(did: string, seen: MemorySeenStore): Promise<string> {
  const document = JSON.parse(new TextDecoder().decode((await resolver(seen).lookUp(did)).document)) as { authentication: string[] };
  const fragment = document.authentication[0]?.split("#")[1] ?? "";
  return toHex((await resolveKey([resolver(seen)], { did, fragment, now: systemClock() })).bytes);
}

/** A change that waits for the witness `w`, which approves it; gives the `versionId`. */
async function witnessed(...change: string[]): Promise<string> {
  expect(await program("did", ...change)).toHaveProperty("error.code", "witness_needed");
  const [kept, proof] = [join(home, ".local/share/didshake/identities/webvh/alice/did.jsonl"), join(home, "proof.json")];
  writeFileSync(proof, JSON.stringify(await program("did", "witness", "w", "--log", kept)));
  return String((await program("did", "publish", "alice", "--proof", proof, "--wait", "0"))["versionId"]);
}

// R-WEBVH-9, R-WEBVH-10, R-WEBVH-11, R-WEBVH-12
it("a did:webvh of the program, through all that happens to one", async () => {
  const seen = new MemorySeenStore();
  const made = await program("did", "create", "alice", "--at", "logs.example/alice", "--out", www, "--ttl", "60");
  const did = String(made["did"]);
  expect(await look(did, seen)).toBe(made["versionId"]);
  const [first, old] = [await keyOf(did, seen), readFileSync(join(www, "did.jsonl"))];
  for (const _ of [1, 2]) {
    const { versionId } = await program("did", "rotate", "alice", "--wait", "0");
    expect(await look(did, seen)).toBe(versionId);
  }
  expect(await keyOf(did, seen)).not.toBe(first);
  const now = readFileSync(join(www, "did.jsonl"));
  writeFileSync(join(www, "did.jsonl"), old);
  expect(await look(did, seen)).toBe("rolled_back");
  writeFileSync(join(www, "did.jsonl"), now);

  const witness = await program("id", "new", "w");
  const updated = await witnessed("update", "alice", "--witness", String(witness["did"]));
  expect(await look(did, seen)).toBe(updated);
  const proofs = readFileSync(join(www, "did-witness.json"));
  rmSync(join(www, "did-witness.json"));
  expect(await look(did, seen)).toBe("witness_missing");
  writeFileSync(join(www, "did-witness.json"), proofs);

  const moved = await witnessed("move", "alice", "--to", "else.example/alice");
  const there = did.replace("logs.example", "else.example");
  expect([await look(did, seen), await look(there, seen)]).toEqual(["moved", moved]);
  const ended = await witnessed("deactivate", "alice", "--yes");
  expect(await resolver(seen).lookUp(there)).toMatchObject({ versionId: ended, deactivated: true });
  expect(await codeOf(() => resolveKey([resolver(seen)], { did: there, fragment: "key-1", now: systemClock() }))).toBe("did_deactivated");
});
