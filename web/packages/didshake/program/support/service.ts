import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A service of the program that DIDSHAKE names. */
export interface Service {
  readonly origin: string;
  readonly did: string;
  /** Its process, to be killed. */
  readonly kill: (signal: "SIGTERM" | "SIGKILL") => Promise<void>;
  /** Ends it and removes its data. */
  readonly stop: () => Promise<void>;
}

export interface ServiceOptions {
  /** `serve` and its options, without those for the address and the data. */
  readonly command?: readonly string[];
  /** A port of before, to take the place of another service. */
  readonly port?: number;
  /** A directory of before, with its data. */
  readonly data?: string;
}

interface Listening { event: string; origins: string[]; did: string }

/** Starts `didshake serve`, and waits until it listens. */
export async function startService({ command = ["serve"], port = 0, data }: ServiceOptions = {}): Promise<Service> {
  const program = process.env["DIDSHAKE"];
  if (program === undefined) throw new Error("DIDSHAKE names no program: cargo build --release, then DIDSHAKE=…/target/release/didshake");
  const home = data ?? mkdtempSync(join(tmpdir(), "didshake-service-"));
  const options = ["--json", ...command, "--listen", `127.0.0.1:${port}`, "--data", join(home, "data")];
  const child = spawn(program, options, { stdio: ["ignore", "pipe", "ignore"], env: { PATH: process.env["PATH"], HOME: home } });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const kill = async (signal: "SIGTERM" | "SIGKILL"): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  const stop = async (): Promise<void> => {
    await kill("SIGTERM");
    rmSync(home, { recursive: true, force: true });
  };
  for await (const line of createInterface(child.stdout)) {
    const said = line.startsWith("{") ? (JSON.parse(line) as Listening) : undefined;
    if (said?.event !== "listening") continue;
    // what it prints from here on is of no interest, and must not fill the pipe
    child.stdout.resume();
    return { origin: said.origins[0] as string, did: said.did, kill, stop };
  }
  await stop();
  throw new Error(`${program} did not come up`);
}
