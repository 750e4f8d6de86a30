import { equal, utf8 } from "./bytes.js";
import { callerFault } from "./errors.js";
import { didMethod, hasOneMethod, isDid, isFragment, isShortForm } from "./did.js";
import { encodeExtensions, type Extension } from "./extensions.js";
import { didJwkKey, didKeyKey } from "./keys.js";
import type { Resolver } from "./resolver.js";
import type { Algorithm, PublicKey } from "./signatures.js";
import type { Signer } from "./signer.js";
import { PROGRAM, type Registry } from "./suites.js";

/** Binding 1: a stream (15.1). */
export const STREAM = 1;
/** Binding 2: WebSocket (15.3). */
export const WEBSOCKET = 2;
/** Binding 3: HTTP (15.4). */
export const HTTP = 3;
/** Binding 4: a relay, with the URL of the responder's mailbox as prologue (15.7). */
export const RELAY = 4;
/** A binding of section 14.7. */
export type Binding = typeof STREAM | typeof WEBSOCKET | typeof HTTP | typeof RELAY;

/** An identity that this peer is configured with. */
export interface LocalIdentity {
  readonly did: string;
  /** The fragment of the verification method without `#`; empty for did:key and did:jwk. */
  readonly fragment: string;
  readonly signer: Signer;
}

/** The peer after the checks of section 11 (R-CHECK-6). */
export interface VerifiedPeer {
  readonly did: string;
  readonly fragment: string;
  readonly algorithm: Algorithm;
  /** The key bytes that were verified: 32 for Ed25519, 33 for P-256. */
  readonly publicKey: Uint8Array;
}

/** Whom an initiator means (10.5): an exact DID, or a policy over DID and method. There is no default (R-INIT-1). */
export type Meant =
  | { readonly did: string }
  | { readonly methods: readonly string[] }
  | { readonly admit: (did: string, method: string) => boolean | Promise<boolean> };

/** Whom a responder admits; `any` stands for every DID of the methods that it resolves. */
export type Admission = Meant | { readonly any: boolean };

/** The application's word over a verified peer (check 7). */
export type Policy = (peer: VerifiedPeer) => boolean | Promise<boolean>;

/** A cryptographically secure source: so many new random bytes. See {@link systemRandom}. */
export type Random = (length: number) => Uint8Array;

/** The clock, in Unix seconds. See {@link systemClock}. */
export type Clock = () => number;

/** What the configurations of both roles have in common. */
export interface CommonConfig {
  readonly binding: Binding;
  /** Empty on a stream unless configured; the ASCII origin of the endpoint on WebSocket and HTTP (see `originOf`). */
  readonly prologue?: Uint8Array;
  /** Numbers of the suites that it accepts, in its order of preference; suites 1 and 2 unless given. */
  readonly suites?: readonly number[];
  /** Further DIDs of this peer's own, in either role: they are refused with `own_did`. */
  readonly ownDids?: readonly string[];
  /** Resolvers for other methods than `key`, `jwk` and `peer`. */
  readonly resolvers?: readonly Resolver[];
  readonly policy?: Policy;
  readonly clock: Clock;
  readonly random: Random;
  /** Ends resolution when the attempt runs into its time limit. */
  readonly signal?: AbortSignal;
  /** @internal what this peer knows, for test peers (4.3) */
  readonly registry?: Registry;
}

/** The configuration with its defaults filled in. */
export interface Common {
  readonly binding: Binding;
  readonly prologue: Uint8Array;
  readonly suites: readonly number[];
  readonly ownDids: ReadonlySet<string>;
  readonly resolvers: readonly Resolver[];
  readonly policy: Policy;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal | undefined;
  readonly registry: Registry;
}

/** Random bytes of the platform (`crypto.getRandomValues`). */
export const systemRandom: Random = (length) => crypto.getRandomValues(new Uint8Array(length));

/** The clock of the platform. */
export const systemClock: Clock = () => Math.floor(Date.now() / 1000);

/** Checks what both roles have in common. Errors: `caller`. */
export function common(config: CommonConfig, identities: readonly LocalIdentity[]): Common {
  const registry = config.registry ?? PROGRAM;
  const suites = config.suites ?? [1, 2];
  if (suites.length === 0 || new Set(suites).size !== suites.length) callerFault("suites are one or more, each once");
  if (suites.some((suite) => registry.suite(suite) === undefined)) callerFault("an unknown suite");
  if (![STREAM, WEBSOCKET, HTTP, RELAY].includes(config.binding)) callerFault("an unknown binding");
  const prologue = config.prologue ?? new Uint8Array();
  if (prologue.length > 0xffff) callerFault("a prologue is at most 65,535 bytes");
  if (config.binding !== STREAM && prologue.length === 0) callerFault("the prologue of this binding is an origin, or the URL of a mailbox");
  identities.forEach(checkLocal);
  return {
    binding: config.binding, prologue, suites, registry, clock: config.clock, random: config.random,
    ownDids: new Set([...identities.map((one) => one.did), ...(config.ownDids ?? [])]),
    resolvers: config.resolvers ?? [], policy: config.policy ?? (() => true), signal: config.signal,
  };
}

/** Checks an identity that this peer is configured with. Errors: `caller`. */
export function checkLocal(identity: LocalIdentity): void {
  const { did, fragment, signer } = identity;
  if (!isDid(did)) callerFault("not a DID");
  if (utf8(fragment).length > 255 || !isFragment(fragment)) callerFault("not a fragment");
  if (hasOneMethod(did) !== (fragment === "")) callerFault("a fragment goes with every DID but did:key and did:jwk");
  if (isShortForm(did)) callerFault("the short form of a did:peer:4: nobody can resolve it, so say who you are in the long form");
  const key = keyOfDid(did);
  const own = signer.publicKey;
  if (key !== undefined && (key.algorithm !== own.algorithm || !equal(key.bytes, own.bytes))) {
    callerFault("the signer has another key than the DID");
  }
}

/** The key of a DID that is its key. What reads a did:peer is loaded where one is met, and not for one's own. */
function keyOfDid(did: string): PublicKey | undefined {
  switch (didMethod(did)) {
    case "key": return didKeyKey(did);
    case "jwk": return didJwkKey(did);
    default: return undefined;
  }
}

/** Checks the bytes of an application protocol. Errors: `caller`. */
export function protocolName(name: string): Uint8Array {
  const bytes = utf8(name);
  if (bytes.length < 1 || bytes.length > 255) callerFault("an application protocol is 1 to 255 bytes");
  return bytes;
}

/** The encoded list of a message. Errors: `caller`. */
export function extensionBytes(list: readonly Extension[] | undefined): Uint8Array {
  return encodeExtensions(list ?? []);
}
