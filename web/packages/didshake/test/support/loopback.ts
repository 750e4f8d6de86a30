import { utf8 } from "../../src/bytes.js";
import { MemoryBurnStore } from "../../src/burn.js";
import { HTTP, STREAM, systemRandom, type Binding, type LocalIdentity } from "../../src/config.js";
import type { Established } from "../../src/established.js";
import { didJwk, didKey } from "../../src/keys.js";
import { Initiator, type InitiatorConfig, type WaitReply, type WaitReply2 } from "../../src/initiator.js";
import { Responder, type AfterHello, type ResponderConfig, type WaitHello, type WaitHello2 } from "../../src/responder.js";
import type { Algorithm } from "../../src/signatures.js";
import { SoftwareSigner, type Signer } from "../../src/signer.js";

export const NOW = 1_767_225_600;
export const CHAT = "didshake.chat/1";

/** A source of numbers that a seed repeats. */
export function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** A new identity with a did:key or a did:jwk. */
export function newIdentity(algorithm: Algorithm, form: "key" | "jwk" = "key", signer?: Signer): LocalIdentity {
  const secret = systemRandom(32);
  secret[0] = 0x7f;
  const own = signer ?? SoftwareSigner.fromSecret(algorithm, secret);
  return { did: form === "key" ? didKey(own.publicKey) : didJwk(own.publicKey), fragment: "", signer: own };
}

export interface Pair { initiator: InitiatorConfig; responder: ResponderConfig }

/** Two configurations that fit each other. */
export function pair(options: {
  identities?: [LocalIdentity, LocalIdentity]; binding?: Binding; initiator?: Partial<InitiatorConfig>; responder?: Partial<ResponderConfig>;
} = {}): Pair {
  const [a, b] = options.identities ?? [newIdentity(1), newIdentity(1)];
  const binding = options.binding ?? STREAM;
  const shared = {
    binding, prologue: binding === STREAM ? new Uint8Array() : utf8("https://login.example:8443"), clock: () => NOW,
    random: systemRandom,
  };
  return {
    initiator: { ...shared, identity: a, meant: { did: b.did }, applicationProtocol: CHAT, ...options.initiator },
    responder: {
      ...shared, identities: [b], admit: { any: true }, applicationProtocols: [CHAT], lifetime: 3600,
      burn: new MemoryBurnStore(() => NOW), ...options.responder,
    },
  };
}

export type MessageName = "hello" | "retry" | "hello2" | "reply" | "finish" | "accept";
/** Sees, and may change, each message on its way. */
export type Wire = (name: MessageName, message: Uint8Array) => Uint8Array;

export interface Ended { initiator: Established; responder: Established }

/** Runs both roles against each other. */
export async function handshake({ initiator, responder }: Pair, wire: Wire = (_, message) => message): Promise<Ended> {
  const start = new Initiator(initiator).start();
  let [message, waitReply]: [Uint8Array, WaitReply | WaitReply2] = [start.message, start.next];
  const side = new Responder(responder);
  let waitHello: WaitHello | WaitHello2 = side.waitHello();
  let step: AfterHello = await waitHello.receive(wire("hello", message));
  if (step.kind === "retry") {
    const again = await waitReply.receive(wire("retry", step.message));
    if (again.kind !== "retry") throw new Error("a Retry was taken for a Reply");
    [message, waitReply, waitHello] = [again.message, again.next, responder.binding === HTTP ? side.waitHello() : step.next];
    step = await waitHello.receive(wire("hello2", message));
    if (step.kind === "retry") throw new Error("a second Retry");
  }
  const finish = await waitReply.receive(wire("reply", step.message));
  if (finish.kind === "retry") throw new Error("a Reply was taken for a Retry");
  const accept = await step.next.receive(wire("finish", finish.message));
  return { responder: accept.established, initiator: finish.next.receive(wire("accept", accept.message)) };
}

/** The code of the error that comes of it. */
export async function codeOf(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (fault) {
    return (fault as { code?: string }).code ?? String(fault);
  }
  return "accepted";
}
