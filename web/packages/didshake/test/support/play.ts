import { fromHex, toHex } from "../../src/bytes.js";
import { MemoryBurnStore } from "../../src/burn.js";
import { systemRandom } from "../../src/config.js";
import { DidshakeError } from "../../src/errors.js";
import type { Established } from "../../src/established.js";
import type { AfterReply, WaitAccept, WaitReply, WaitReply2 } from "../../src/initiator.js";
import type { AfterFinish, AfterHello, WaitFinish, WaitHello, WaitHello2 } from "../../src/responder.js";
import { StateSealer } from "../../src/waiting.js";
import { initiatorOf, responderOf, type TestClock } from "./peers.js";
import { assert, same, type Vector, type VectorMessage, type VectorWaiting } from "./vector.js";

/** One role of a vector: it produces its own messages and takes those of the other side. */
export interface Player {
  own(expected: VectorMessage): Promise<void>;
  take(message: VectorMessage): Promise<void>;
  established: Established | undefined;
}

class InitiatorPlayer implements Player {
  established: Established | undefined;
  readonly #start: ReturnType<typeof initiatorOf>;
  #out: Uint8Array | undefined;
  #state: WaitReply | WaitReply2 | WaitAccept | undefined;

  constructor(vector: Vector, clock: TestClock) {
    this.#start = initiatorOf(vector.config, clock);
  }

  async own(expected: VectorMessage): Promise<void> {
    if (this.#state === undefined) {
      const { message, next } = this.#start.start();
      [this.#out, this.#state] = [message, next];
    }
    same(toHex(this.#out ?? new Uint8Array()), expected.wire, expected.message);
  }

  async take(message: VectorMessage): Promise<void> {
    const state = this.#state;
    assert(state !== undefined, "no state");
    const result = await state.receive(fromHex(message.wire));
    if ("kind" in result) [this.#out, this.#state] = [(result as AfterReply).message, (result as AfterReply).next];
    else this.established = result as Established;
  }
}

/** How the responder keeps its waiting state. */
export type Keeping = "memory" | "sealed";

class ResponderPlayer implements Player {
  established: Established | undefined;
  readonly #vector: Vector;
  readonly #clock: TestClock;
  readonly #keeping: Keeping;
  readonly #sealer = new StateSealer(systemRandom);
  readonly #burn: MemoryBurnStore;
  readonly #responder: ReturnType<typeof responderOf>;
  #out: Uint8Array | undefined;
  #state: WaitHello | WaitHello2 | WaitFinish;
  #token: Uint8Array | undefined;

  constructor(vector: Vector, clock: TestClock, keeping: Keeping) {
    [this.#vector, this.#clock, this.#keeping] = [vector, clock, keeping];
    this.#burn = new MemoryBurnStore(() => clock.now);
    this.#responder = responderOf(vector.config, clock, this.#burn);
    this.#state = this.#responder.waitHello();
  }

  async own(expected: VectorMessage): Promise<void> {
    same(toHex(this.#out ?? new Uint8Array()), expected.wire, expected.message);
  }

  async take(message: VectorMessage): Promise<void> {
    const bytes = fromHex(message.wire);
    if (this.#token !== undefined) return this.#finished(await this.#finishSealed(bytes, message.waiting_state ?? "ok"));
    if (message.waiting_state === "expired") this.#clock.now += 60;
    const result: AfterHello | AfterFinish = await this.#state.receive(bytes);
    if (!("kind" in result)) return this.#finished(result);
    [this.#out, this.#state] = [result.message, result.next];
    if (result.kind === "reply" && this.#keeping === "sealed") this.#token = result.next.seal(this.#sealer);
  }

  #finished({ message, established }: AfterFinish): void {
    this.#out = message;
    this.established = established;
  }

  async #finishSealed(bytes: Uint8Array, waiting: VectorWaiting): Promise<AfterFinish> {
    const token = (this.#token ?? new Uint8Array()).slice();
    switch (waiting) {
      case "missing": return this.#responder.finish(bytes, undefined, this.#sealer);
      case "truncated": return this.#responder.finish(bytes, token.slice(0, -1), this.#sealer);
      case "other_key": return this.#responder.finish(bytes, token, new StateSealer(systemRandom));
      case "other_endpoint":
        return responderOf(this.#vector.config, this.#clock, this.#burn, "/other").finish(bytes, token, this.#sealer);
      case "altered": token[30] = (token[30] ?? 0) ^ 1; break;
      case "expired": this.#clock.now += 60; break;
      case "ok": break;
    }
    return this.#responder.finish(bytes, token, this.#sealer);
  }
}

export function player(vector: Vector, role: "initiator" | "responder", keeping: Keeping = "memory"): Player {
  const clock = { now: vector.config.now };
  return role === "initiator" ? new InitiatorPlayer(vector, clock) : new ResponderPlayer(vector, clock, keeping);
}

/** Plays one role through messages: its own come out byte for byte, those of the other side are accepted. */
export async function playMessages(who: Player, role: string, messages: readonly VectorMessage[]): Promise<void> {
  for (const message of messages) await (message.from === role ? who.own(message) : who.take(message));
}

/** Runs what has to be refused, and compares error and alert. */
export async function refused(vector: Vector, run: () => unknown): Promise<void> {
  const fails = vector.fails;
  assert(fails !== undefined, "a negative says how it fails");
  try {
    await run();
  } catch (fault) {
    assert(fault instanceof DidshakeError, `not an error of this package: ${String(fault)}`);
    same(fault.code, fails.error, "error");
    same(fault.alert, fails.alert, "alert");
    return;
  }
  throw new Error(`accepted, instead of ${fails.error}`);
}
