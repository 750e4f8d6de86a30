import { fromHex, utf8 } from "../../src/bytes.js";
import { MemoryBurnStore, type BurnStore } from "../../src/burn.js";
import { systemRandom, type Admission, type CommonConfig, type LocalIdentity, type Meant, type Policy, type Random } from "../../src/config.js";
import type { Extension } from "../../src/extensions.js";
import { Initiator, type InitiatorConfig } from "../../src/initiator.js";
import type { Resolver } from "../../src/resolver.js";
import { Responder, type ResponderConfig } from "../../src/responder.js";
import { SoftwareSigner, type Signer } from "../../src/signer.js";
import { aesSuite, chachaSuite, Registry, X25519, x25519Group } from "../../src/suites.js";
import type { VectorConfig, VectorExtension, VectorIdentity, VectorPolicy } from "./vector.js";

/** What test peers know (4.3): suite 0xFE01 is suite 1 with group 0xFE00. */
export const TEST_REGISTRY = new Registry(
  [chachaSuite, aesSuite, { ...chachaSuite, number: 0xfe01, group: 0xfe00 }],
  [x25519Group(X25519), x25519Group(0xfe00)],
);

/** A source that gives out these values in order, each once. */
export function queue(values: readonly string[]): Random {
  const left = [...values];
  return (length) => {
    const value = left.shift();
    if (value === undefined || value.length !== 2 * length) throw new Error("the test has no such randomness");
    return fromHex(value);
  };
}

export function identityOf({ did, fragment, algorithm, secret_key }: VectorIdentity): LocalIdentity {
  const signer: Signer = SoftwareSigner.fromSecret(algorithm, fromHex(secret_key));
  return { did, fragment, signer };
}

const extensionsOf = (list: VectorExtension[]): Extension[] =>
  list.map(({ id, critical, body }) => ({ id, critical, body: fromHex(body) }));

function policyOf(policy: VectorPolicy): Policy {
  if ("allow" in policy) return () => policy.allow;
  if ("refuse_fragments" in policy) return ({ fragment }) => !policy.refuse_fragments.includes(fragment);
  return ({ did }) => !policy.refuse_dids.includes(did);
}

export function resolverOf({ documents }: Pick<VectorConfig, "documents">): Resolver {
  return {
    methods: ["web"],
    resolve: async (did) => {
      const entry = documents[did];
      if (entry === undefined) throw new Error("a vector without its document");
      if ("missing" in entry) return { kind: "not_found" };
      return { kind: "document", bytes: utf8(entry.text), deactivated: entry.deactivated };
    },
  };
}

/** A clock that a test moves. */
export interface TestClock { now: number }

function sharedOf(config: VectorConfig, clock: TestClock): Omit<CommonConfig, "random"> {
  return {
    binding: config.binding, prologue: fromHex(config.prologue), resolvers: [resolverOf(config)], clock: () => clock.now,
    registry: TEST_REGISTRY,
  };
}

export function initiatorOf(config: VectorConfig, clock: TestClock): Initiator {
  return new Initiator(initiatorConfig(config, clock));
}

export function initiatorConfig(config: VectorConfig, clock: TestClock): InitiatorConfig {
  const side = config.initiator;
  const drawn = side.ephemeral_secrets?.flatMap((secret, index) => [secret, side.nonces?.[index] ?? ""]);
  return {
    ...sharedOf(config, clock), random: drawn ? queue(drawn) : systemRandom, identity: identityOf(side.identity), meant: side.expect as Meant,
    suites: side.suites, firstGroup: side.first_group, applicationProtocol: side.application_protocol,
    recipient: side.recipient, helloExtensions: extensionsOf(side.hello_extensions),
    finishExtensions: extensionsOf(side.finish_extensions), policy: policyOf(side.policy),
  };
}

export function responderOf(config: VectorConfig, clock: TestClock, burn?: BurnStore, endpoint?: string): Responder {
  return new Responder(responderConfig(config, clock, burn, endpoint));
}

export function responderConfig(
  config: VectorConfig, clock: TestClock, burn: BurnStore = new MemoryBurnStore(() => clock.now), endpoint = "/didshake",
): ResponderConfig {
  const side = config.responder;
  const drawn = side.ephemeral_secret === undefined ? undefined : [side.ephemeral_secret, side.nonce ?? ""];
  return {
    ...sharedOf(config, clock), random: drawn ? queue(drawn) : systemRandom,
    identities: side.identities.map(identityOf), defaultIdentity: side.default_identity, suites: side.suites,
    applicationProtocols: side.application_protocols, admit: side.admit as Admission, lifetime: side.lifetime,
    replyExtensions: extensionsOf(side.reply_extensions), acceptExtensions: extensionsOf(side.accept_extensions),
    policy: policyOf(side.policy), burn, endpoint,
  };
}
