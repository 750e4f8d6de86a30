import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DidshakeError } from "../src/errors.js";
import { login } from "../src/login.js";
import { DidWebvhResolver, MemorySeenStore } from "../src/webvh/index.js";
import { newIdentity } from "../test/support/loopback.js";
import { platform } from "./support/agents.js";
import { freePort } from "./support/service.js";

const home = mkdtempSync(join(tmpdir(), "didshake-rotation-"));
const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, milliseconds));

interface Run { readonly code: number; readonly lines: Record<string, unknown>[] }

/** The program, with identities of its own; gives what it printed. */
async function didshake(...options: string[]): Promise<Run> {
  const read = (stdout: string) => stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as Record<string, unknown>);
  try {
    const { stdout } = await promisify(execFile)(program(), ["--json", ...options], { timeout: 60_000, env: environment });
    return { code: 0, lines: read(stdout) };
  } catch (fault) {
    const { code, stdout } = fault as { code: number; stdout: string };
    return { code, lines: read(stdout) };
  }
}

async function done(...options: string[]): Promise<Record<string, unknown>> {
  const { code, lines } = await didshake(...options);
  if (code !== 0) throw new Error(`${options.join(" ")}: ${code} ${JSON.stringify(lines)}`);
  return lines[0] ?? {};
}

const environment = { PATH: process.env["PATH"], HOME: home };

function program(): string {
  const named = process.env["DIDSHAKE"];
  if (named === undefined) throw new Error("DIDSHAKE names no program: cargo build --release, then DIDSHAKE=…/target/release/didshake");
  return named;
}

/** A service whose identity is a did:webvh, with the log that it serves. */
class Site {
  private constructor(readonly name: string, readonly address: string, readonly did: string, private readonly child: ChildProcess) {}

  static async start(name: string, port: number, local: string[]): Promise<Site> {
    const [address, log] = [`127.0.0.1:${port}`, join(home, name)];
    const { did } = await done("did", "create", name, "--at", address, "--out", log);
    const options = ["--listen", address, "--data", join(home, `${name}-data`), "--as", name, "--did-log", log, "--mailboxes", "anyone"];
    const rates = ["--rate-handshakes", "100000/min"];
    const child = spawn(program(), ["--json", "serve", ...options, ...rates, ...local], { stdio: ["ignore", "pipe", "ignore"], env: environment });
    const stdout = child.stdout;
    for await (const line of createInterface(stdout)) {
      if (!line.includes('"listening"')) continue;
      stdout.resume();
      return new Site(name, address, String(did), child);
    }
    throw new Error(`${name} did not come up`);
  }

  get origin(): string {
    return `http://${this.address}`;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => void this.child.once("exit", resolve));
    this.child.kill("SIGTERM");
    await ended;
  }
}

let sites: [Site, Site];
let local: string[] = [];
beforeAll(async () => {
  const ports = [await freePort(), await freePort()] as const;
  local = ports.flatMap((port) => ["--allow-local", `127.0.0.1:${port}`]);
  sites = [await Site.start("one", ports[0], local), await Site.start("two", ports[1], local)];
  for (const name of ["alice", "bob"]) await done("id", "new", name);
}, 60_000);
afterAll(async () => {
  await Promise.all(sites.map((site) => site.stop()));
  rmSync(home, { recursive: true, force: true });
});

const seen = new MemorySeenStore();

/** A login of this peer at a site, and a request of its session. */
async function logIn({ origin, did, address }: Site): Promise<number> {
  const resolvers = [new DidWebvhResolver({ fetch, seen, clock: platform.clock, plainHttp: [address] })];
  const session = await login({ ...platform, url: `${origin}/didshake`, identity: newIdentity(1), meant: { did }, fetch, resolvers });
  return (await session.fetch("/v1/session")).status;
}

/** What is done again and again while keys are rotated, each in a loop of its own; all that goes wrong is kept. */
class Load {
  readonly done = new Map<string, number>();
  readonly failed: string[] = [];
  #running = true;
  readonly #loops: Promise<void>[] = [];

  again(what: string, action: () => Promise<void>): void {
    const loop = async (): Promise<void> => {
      while (this.#running) {
        await action().then(() => void this.done.set(what, (this.done.get(what) ?? 0) + 1), (fault) => void this.failed.push(`${what}: ${String(fault)}`));
        await sleep(20);
      }
    };
    this.#loops.push(loop());
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#loops);
  }
}

// R-WEBVH-10, R-DOC-18
describe("two services whose identities are did:webvh", () => {
  it("rotate their keys under load without one failure, and one of them ends", async () => {
    const [one, two] = sites;
    await done("mailbox", "open", one.origin, "--as", "bob", "--expect", one.did, ...local);
    const shared = await done("id", "share", "--as", "bob", "--for", "alice", ...local);
    await done("peer", "add", String(shared["link"]), "--name", "bob", "--as", "alice", ...local);
    const aliceDid = String((await done("id", "show", "alice"))["did"]);
    await done("peer", "add", "alice", aliceDid);

    const load = new Load();
    for (const site of sites) {
      load.again(`TypeScript at ${site.name}`, async () => expect(await logIn(site)).toBe(200));
      load.again(`the program at ${site.name}`, async () => void (await done("login", site.origin, "--as", "alice", "--expect", site.did, ...local)));
    }
    let written = 0;
    load.again("letters", async () => {
      await done("send", "bob", `letter ${written}`, "--as", "alice", ...local);
      written += 1;
    });
    const read: unknown[] = [];
    load.again("inbox", async () => {
      const { code, lines } = await didshake("inbox", "--as", "bob", ...local);
      if (code !== 0) throw new Error(JSON.stringify(lines));
      read.push(...lines.map(({ text }) => text));
    });
    await sleep(1_000);
    for (let round = 0; round < 2; round++) {
      for (const { name } of sites) await done("did", "rotate", name, ...local);
      await sleep(2_500);
      for (const { name } of sites) await done("did", "rotate", name, "--finish");
      await sleep(2_500);
    }
    await load.stop();
    expect(load.failed).toEqual([]);
    expect(Math.min(...load.done.values())).toBeGreaterThan(2);
    read.push(...(await didshake("inbox", "--as", "bob", ...local)).lines.map(({ text }) => text));
    expect(read).toEqual(Array.from({ length: written }, (_, at) => `letter ${at}`));

    // The keys in use are new ones: the document has one, and it is not the first.
    for (const site of sites) {
      const resolver = new DidWebvhResolver({ fetch, seen, clock: platform.clock, plainHttp: [site.address] });
      const { document, deactivated } = await resolver.lookUp(site.did);
      const { verificationMethod } = JSON.parse(new TextDecoder().decode(document)) as { verificationMethod: { id: string }[] };
      const methods = verificationMethod.map(({ id }) => id.split("#")[1]);
      expect([deactivated, methods.length, methods.includes("key-1")]).toEqual([false, 1, false]);
    }

    await done("did", "deactivate", two.name, "--yes");
    await sleep(2_500);
    const refused = await logIn(two).then(() => "taken", (fault) => (fault instanceof DidshakeError ? fault.code : String(fault)));
    expect(refused).toBe("did_deactivated");
    const { code, lines } = await didshake("login", two.origin, "--as", "alice", "--expect", two.did, ...local);
    expect([code, (lines.at(-1)?.["error"] as { code: string }).code]).toEqual([3, "did_deactivated"]);
    expect(await logIn(one)).toBe(200);
  }, 120_000);
});
