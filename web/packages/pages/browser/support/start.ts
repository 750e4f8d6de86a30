import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Rules } from "./accounts.js";
import { startTestService } from "./test-service.js";

export interface ServiceOptions {
  /** A port of before, to take the place of another service. */
  readonly port?: number;
  /** Whom its policy lets in: anyone, unless given. With accounts, whoever is invited as well. */
  readonly rules?: Rules;
}

/** A service with the pages, at an origin of its own. */
export interface Service {
  readonly origin: string;
  readonly did: string;
  readonly port: number;
  /** The secret of the first invite, for the owner. */
  readonly owner: string;
  readonly stop: () => Promise<void>;
}

/** The program that DIDSHAKE names, or the test service. */
export function startService(options: ServiceOptions = {}): Promise<Service> {
  const program = process.env["DIDSHAKE"];
  return program === undefined ? startTestService(options) : startProgram(program, options);
}

interface Listening { event: string; address: string; origins: string[]; did: string }

const POLICIES = {
  nobody: '[[rule]]\nallow = { did = "did:web:nobody.example" }\n',
  accounts: "[[rule]]\nallow = { account = true }\n",
} as const;

async function startProgram(program: string, { port = 0, rules = "anyone" }: ServiceOptions): Promise<Service> {
  const data = mkdtempSync(join(tmpdir(), "didshake-service-"));
  const options = ["--json", "serve", "--listen", `127.0.0.1:${port}`, "--data", join(data, "data"), "--rate-handshakes", "6000/min"];
  if (rules !== "anyone") {
    writeFileSync(join(data, "policy.toml"), POLICIES[rules]);
    options.push("--policy", join(data, "policy.toml"));
  }
  const child = spawn(program, options, { stdio: ["ignore", "pipe", "ignore"], env: { PATH: process.env["PATH"], HOME: data } });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await ended;
    rmSync(data, { recursive: true, force: true });
  };
  let [listening, owner]: [Listening | undefined, string | undefined] = [undefined, undefined];
  for await (const line of createInterface(child.stdout)) {
    owner ??= /\/login#invite=([\w-]{43})/.exec(line)?.[1];
    if (line.startsWith("{")) listening ??= listeningIn(JSON.parse(line) as Listening);
    const origin = listening?.origins[0];
    if (listening === undefined || origin === undefined || owner === undefined) continue;
    // what it prints from here on is of no interest, and must not fill the pipe
    child.stdout.resume();
    return { origin, did: listening.did, port: Number(new URL(origin).port), owner, stop };
  }
  await stop();
  throw new Error(`${program} did not come up`);
}

function listeningIn(line: Listening): Listening | undefined {
  return line.event === "listening" ? line : undefined;
}
