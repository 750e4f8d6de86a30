import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A service of the program that DIDSHAKE names. */
export interface Service {
  readonly origin: string;
  readonly did: string;
  readonly port: number;
  readonly home: string;
  /** Its process, to be killed. */
  readonly kill: (signal: "SIGTERM" | "SIGKILL") => Promise<void>;
  /** Ends it and removes its data. */
  readonly stop: () => Promise<void>;
}

export interface ServiceOptions {
  /** Its settings in the environment, without `DIDSHAKE_`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** A port of before, to take the place of another service. */
  readonly port?: number;
  /** A directory of before, with its data. */
  readonly home?: string;
}

interface Listening { event: string; address: string; origins: string[]; did: string }

/** Starts `didshake serve`, and waits until it listens. */
export async function startService(options: ServiceOptions = {}): Promise<Service> {
  const { settings = {}, port = 0, home = mkdtempSync(join(tmpdir(), "didshake-service-")) } = options;
  const program = process.env["DIDSHAKE"];
  if (program === undefined) throw new Error("DIDSHAKE names no program: cargo build --release, then DIDSHAKE=…/target/release/didshake");
  const env = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`DIDSHAKE_${name}`, value]));
  const child = spawn(program, ["--json", "serve", "--listen", `127.0.0.1:${port}`, "--data", join(home, "data")], {
    stdio: ["ignore", "pipe", "ignore"], env: { PATH: process.env["PATH"], HOME: home, ...env },
  });
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
    return { origin: said.origins[0] as string, did: said.did, port: Number(said.address.split(":").at(-1)), home, kill, stop };
  }
  await stop();
  throw new Error(`${program} did not come up`);
}

/** A service that is a relay for anyone. */
export function startRelay({ settings, ...options }: ServiceOptions = {}): Promise<Service> {
  return startService({ ...options, settings: { MAILBOXES: "anyone", ...settings } });
}

/** A port of this machine that is free now, for what has to know its address before it starts. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => void server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
