// The conformance shim: one request a line comes in, one answer a line goes out. `npm run build` makes dist-shim/shim.js of it.
import { createInterface } from "node:readline";
import manifest from "../package.json" with { type: "json" };
import { fromHex, toHex } from "../src/bytes.js";
import { DidshakeError, type Channel, type Established } from "../src/index.js";
import { RECORD } from "../src/messages.js";
import { WebvhFault } from "../src/webvh/index.js";
import { attempt, type Attempt, type Request } from "./attempt.js";
import { CHECKS } from "./checks.js";
import { MADE, READ } from "./kept.js";
import { webvh } from "./logs.js";

const FEATURES = ["codes", "random", "suite_2", "test_suite", "web", "extensions", "token", "channel", "export", ...Object.keys(CHECKS), "mailbox", "card", "webvh"];
const fail = (why: string): never => { throw new Error(why); };
const attempts = new Map<string, Attempt>();
const of = ({ sid }: Request): Attempt => attempts.get(sid) ?? fail(`no attempt ${sid}`);
const ended = (request: Request): Established => of(request).established ?? fail("the handshake is not over");
const channel = (request: Request): Channel => ended(request).channel ?? fail("HTTP has no channel");
const sent = (records: readonly Uint8Array[]): object => ({ send: records.length === 1 ? records[0] : records });

const ofKind = (kinds: typeof CHECKS, request: Request): object | Promise<object> =>
  (Object.hasOwn(kinds, request.kind) ? kinds[request.kind]?.(request) : undefined) ?? { skip: "kind" };

const OPERATIONS: Record<string, (request: Request) => object | Promise<object>> = {
  hello: () => ({
    name: "didshake-js", version: manifest.version, language: "TypeScript", roles: ["initiator", "responder"], features: FEATURES,
  }),
  new(request) {
    const made = attempt(request);
    attempts.set(request.sid, made.attempt);
    return made.hello === undefined ? {} : { send: made.hello };
  },
  recv: (request) => of(request).receive(request),
  seal: (request) => sent(request.type === "alert"
    ? channel(request).alert(fromHex(request.content)[0] ?? 0, request.padding)
    : channel(request).send(fromHex(request.content), request.padding)),
  update: (request) => sent([channel(request).keyUpdate(request.padding)]),
  close: (request) => sent(channel(request).close(request.padding)),
  open: (request) => ({ content: "", ...channel(request).receive(fromHex(request.wire)) }),
  export: (request) => ({ output: ended(request).exporter.export(request.label, fromHex(request.context), request.length) }),
  free: ({ sid }) => (attempts.delete(sid), {}),
  check: (request) => ofKind({ ...CHECKS, ...READ, webvh }, request),
  make: (request) => ofKind(MADE, request),
};

async function answer(line: string): Promise<object> {
  try {
    const request = JSON.parse(line) as Request;
    return (Object.hasOwn(OPERATIONS, request.op) ? await OPERATIONS[request.op]?.(request) : undefined) ?? { skip: "op" };
  } catch (fault) {
    if (!(fault instanceof DidshakeError)) return { crash: String(fault) };
    if (fault instanceof WebvhFault) return { error: fault.code, cause: fault.reason };
    return { error: fault.code, alert: fault.alert, ...(fault.answer?.[0]?.[0] === RECORD && sent(fault.answer)) };
  }
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const text = JSON.stringify(await answer(line), (_, value: unknown) => (value instanceof Uint8Array ? toHex(value) : value));
  process.stdout.write(`${text}\n`);
}
