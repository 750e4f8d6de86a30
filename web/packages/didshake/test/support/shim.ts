import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { same, type Vector, type VectorMessage, type VectorRole } from "./vector.js";

/** What `npm run build` makes of shim/shim.ts. */
const SHIM = fileURLToPath(new URL("../../dist-shim/shim.js", import.meta.url));

export type Answer = Record<string, unknown>;

/** The shim as a process of its own, as the conformance runner starts it. */
export class Shim {
  readonly #child = spawn(process.execPath, [SHIM], { stdio: ["pipe", "pipe", "inherit"] });
  readonly #lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();

  /** Sends a line as it is and gives back the next one that comes. */
  async line(text: string): Promise<Answer> {
    this.#child.stdin.write(`${text}\n`);
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error("the shim has ended");
    return JSON.parse(value) as Answer;
  }

  ask(op: string, request: object = {}): Promise<Answer> {
    return this.line(JSON.stringify({ op, ...request }));
  }

  /** Ends its input; gives its exit status. */
  end(): Promise<number | null> {
    const exit = new Promise<number | null>((resolve) => this.#child.once("exit", resolve));
    this.#child.stdin.end();
    return exit;
  }
}

/** The request `new` for one role of a vector. */
export function newRequest({ config }: Pick<Vector, "config">, role: VectorRole, sid: string): object {
  const { now, binding, prologue, documents: resolver } = config;
  const shared = { sid, role, now, binding, prologue, resolver };
  if (role === "initiator") {
    const { identity, expect, policy, ephemeral_secrets, nonces, ...options } = config.initiator;
    return { ...shared, key: [identity], policy: { admit: expect, decision: policy }, random: { ephemeral_secrets, nonces }, options };
  }
  const { identities, admit, policy, ephemeral_secret, nonce, ...options } = config.responder;
  return { ...shared, key: identities, policy: { admit, decision: policy }, random: { ephemeral_secret, nonce }, options };
}

/** What the runner does to a token before it hands it back. */
function changed(token: string, { waiting_state }: VectorMessage, now: number): object {
  switch (waiting_state) {
    case "missing": return { token: "" };
    case "truncated": return { token: token.slice(0, -2) };
    case "altered": return { token: token.slice(0, 60) + (token[60] === "0" ? "1" : "0") + token.slice(61) };
    case "other_endpoint": return { token, endpoint: "/other" };
    case "expired": return { token, now: now + 60 };
    default: return { token };
  }
}

/** Plays one role of a vector through the shim; gives its last answer. Own messages have to be those of the vector. */
export async function replay(shim: Shim, vector: Vector, role: VectorRole, sid: string): Promise<Answer> {
  let answer = await shim.ask("new", newRequest(vector, role, sid));
  let token = "";
  for (const message of vector.messages) {
    if (message.from === role) {
      same(answer["send"], message.wire, `${vector.id} ${message.message}`);
      continue;
    }
    token = typeof answer["token"] === "string" ? answer["token"] : token;
    const foreign = message.waiting_state === "other_key" ? await tokenOfOther(vector) : token;
    answer = await shim.ask("recv", { sid, wire: message.wire, ...changed(foreign, message, vector.config.now) });
  }
  return answer;
}

/** The token that another run of the shim gives for the same attempt. */
async function tokenOfOther(vector: Vector): Promise<string> {
  const other = new Shim();
  const upToReply = vector.messages.slice(0, vector.messages.findIndex(({ message }) => message === "reply"));
  const answer = await replay(other, { ...vector, messages: upToReply }, "responder", "other");
  await other.end();
  return String(answer["token"]);
}
