import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { startTestService } from "./test-service.js";

export interface ServiceOptions {
  /** A port of before, to take the place of another service. */
  readonly port?: number;
  /** Whether its policy lets nobody in. */
  readonly refuses?: boolean;
}

/** A service with the pages, at an origin of its own. */
export interface Service {
  readonly origin: string;
  readonly did: string;
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/** The program that DIDSHAKE names, or the test service. */
export function startService(options: ServiceOptions = {}): Promise<Service> {
  const program = process.env["DIDSHAKE"];
  return program === undefined ? startTestService(options) : startProgram(program, options);
}

interface Listening { event: string; address: string; origins: string[]; did: string }

async function startProgram(program: string, { port = 0, refuses = false }: ServiceOptions): Promise<Service> {
  const data = mkdtempSync(join(tmpdir(), "didshake-service-"));
  const options = ["--json", "serve", "--listen", `127.0.0.1:${port}`, "--data", join(data, "data"), "--rate-handshakes", "6000/min"];
  if (refuses) {
    writeFileSync(join(data, "policy.toml"), '[[rule]]\nallow = { did = "did:web:nobody.example" }\n');
    options.push("--policy", join(data, "policy.toml"));
  }
  const child = spawn(program, options, { stdio: ["ignore", "pipe", "ignore"], env: { PATH: process.env["PATH"], HOME: data } });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await ended;
    rmSync(data, { recursive: true, force: true });
  };
  for await (const line of createInterface(child.stdout)) {
    const { event, origins, did } = JSON.parse(line) as Listening;
    if (event !== "listening" || origins[0] === undefined) continue;
    // what it prints from here on is of no interest, and must not fill the pipe
    child.stdout.resume();
    return { origin: origins[0], did, port: Number(new URL(origins[0]).port), stop };
  }
  await stop();
  throw new Error(`${program} did not come up`);
}
