import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../../didshake/program/support/service.js";
import type { Service } from "./support/start.js";
import { createKey, heading, launch, leave, logIn, press, visit } from "./support/visit.js";

const home = mkdtempSync(join(tmpdir(), "didshake-documents-"));
const env = { PATH: process.env["PATH"], HOME: home };
let browser: Browser;

/** The test service has no such DID: this is the program's. */
function program(): string {
  const named = process.env["DIDSHAKE"];
  if (named === undefined) throw new Error("DIDSHAKE names no program: cargo build --release, then DIDSHAKE=…/target/release/didshake");
  return named;
}

beforeAll(async () => void (browser = await launch()));
afterAll(async () => {
  await browser.close();
  rmSync(home, { recursive: true, force: true });
});

/** The program, with a did:web or a did:webvh whose document it serves itself. */
async function start(named: string, options: (address: string) => Promise<string[]>): Promise<Service> {
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const serve = ["--json", "serve", "--listen", address, "--data", join(home, named), ...(await options(address))];
  const child = spawn(program(), serve, { stdio: ["ignore", "pipe", "ignore"], env });
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await new Promise((resolve) => void child.once("exit", resolve));
  };
  for await (const line of createInterface(child.stdout)) {
    if (!line.includes('"listening"')) continue;
    child.stdout.resume();
    const { origins, did } = JSON.parse(line) as { origins: string[]; did: string };
    return { origin: origins[0] as string, did, port, owner: "", stop };
  }
  throw new Error("the program did not come up");
}

const kinds = [
  ["did:web", async (address: string) => ["--did-web", `did:web:${address.replace(":", "%3A")}`, "--default-did", "web"]],
  ["did:webvh", async (address: string) => {
    const log = join(home, "log");
    await promisify(execFile)(program(), ["did", "create", "site", "--at", address, "--out", log], { env });
    return ["--as", "site", "--did-log", log];
  }],
] as const;

test.each(kinds)("a login at a service whose DID is a %s, which the page fetches", async (kind, options) => {
  const service = await start(kind.replace(":", "-"), options);
  expect(service.did.startsWith(`${kind}:`)).toBe(true);
  const on = await visit(browser, service);
  await on.page.goto(`${on.origin}/login`);
  await on.page.getByText(service.did).first().waitFor();
  await press(on, "Create a key on this device");
  await createKey(on, "laptop");
  await logIn(on, "laptop");
  await on.page.reload();
  await heading(on, "You are logged in");
  await leave(on);
  await service.stop();
});
