import { fromHex } from "../src/bytes.js";
import {
  HTTP, MemoryBurnStore, StateSealer, systemRandom, type Established, type WaitAccept, type WaitHello, type WaitHello2, type WaitReply,
  type WaitReply2,
} from "../src/index.js";
import { FINISH } from "../src/messages.js";
import { initiatorOf, responderOf, type TestClock } from "../test/support/peers.js";
import type { VectorConfig } from "../test/support/vector.js";

/** A request as it came; what is wrong in it shows when it is used. */
export type Request = Record<string, any>;

/** One handshake of one role, and what came of it. */
export interface Attempt {
  established?: Established;
  receive(request: Request): Promise<object>;
}

/** What both sides of a vector's `config` hold where a request leaves it out. */
const NONE = { recipient: false, hello_extensions: [], finish_extensions: [], reply_extensions: [], accept_extensions: [] };

/** The `config` of a vector that has only the side that is asked for. */
function configOf({ now, binding, prologue, key, random, resolver, policy, options }: Request): VectorConfig {
  const shared = { ...NONE, ...options, ...random, policy: policy.decision };
  return {
    now, binding, prologue, documents: resolver ?? {},
    initiator: { ...shared, identity: key[0], expect: policy.admit }, responder: { ...shared, identities: key, admit: policy.admit },
  };
}

/** Begins an attempt; an initiator has a Hello to send. */
export function attempt(request: Request): { attempt: Attempt; hello?: Uint8Array } {
  const clock: TestClock = { now: request.now };
  return request.role === "initiator" ? initiator(configOf(request), clock) : { attempt: responder(configOf(request), clock) };
}

function initiator(config: VectorConfig, clock: TestClock): { attempt: Attempt; hello: Uint8Array } {
  const { message, next } = initiatorOf(config, clock).start();
  let state: WaitReply | WaitReply2 | WaitAccept = next;
  const attempt: Attempt = {
    async receive({ wire, now }) {
      clock.now = now ?? clock.now;
      const step = await state.receive(fromHex(wire));
      if (!("kind" in step)) return ended(attempt, step);
      state = step.next;
      return { send: step.message };
    },
  };
  return { attempt, hello: message };
}

/** A responder that gives its waiting state away in every binding. */
function responder(config: VectorConfig, clock: TestClock): Attempt {
  const [burn, sealer] = [new MemoryBurnStore(() => clock.now), new StateSealer(systemRandom)];
  const own = responderOf(config, clock, burn);
  const overHttp = config.binding === HTTP;
  let state: WaitHello | WaitHello2 | undefined = own.waitHello();
  const attempt: Attempt = {
    async receive({ wire, now, token = "", endpoint }) {
      clock.now = now ?? clock.now;
      const bytes = fromHex(wire);
      if (overHttp ? bytes[0] === FINISH : state === undefined) {
        const there = endpoint === undefined ? own : responderOf(config, clock, burn, endpoint);
        const { message, established } = await there.finish(bytes, token === "" ? undefined : fromHex(token), sealer);
        return { send: message, ...ended(attempt, established) };
      }
      const step = await (overHttp || state === undefined ? own.waitHello() : state).receive(bytes);
      state = step.kind === "retry" ? step.next : undefined;
      return step.kind === "retry" ? { send: step.message } : { send: step.message, token: step.next.seal(sealer) };
    },
  };
  return attempt;
}

function ended(attempt: Attempt, established: Established): object {
  attempt.established = established;
  const { role, peer, sessionId, suite, lifetime } = established;
  const { did, fragment, algorithm, publicKey } = peer;
  const out = { peer: { did, fragment, algorithm, public_key: publicKey }, session_id: sessionId, suite };
  return { done: true, out: role === "initiator" ? { ...out, lifetime } : out };
}
