import { concat, copyBytes, equal, u32, vec16, wipe } from "./bytes.js";
import type { BurnStore } from "./burn.js";
import { checkPeer, guarded, signIdentity } from "./checks.js";
import {
  common, extensionBytes, protocolName, type Admission, type Common, type CommonConfig, type LocalIdentity, type VerifiedPeer,
} from "./config.js";
import { callerFault, DENIED, DidshakeError, INTERNAL, ownFailure, refuse } from "./errors.js";
import { establish, type Established } from "./established.js";
import { RECIPIENT, type Extension } from "./extensions.js";
import { initiatorInput, responderInput } from "./identity.js";
import { draw, recipientBody } from "./fresh.js";
import {
  ACCEPT, decodeHello, decodeSealed, encodeReplyHead, encodeRetry, encodeSealed, FINISH, MAX_HELLO, MAX_MESSAGE, NONCE,
  type Hello,
} from "./messages.js";
import {
  finishKey, fruitOf, handshakeSecret, masterSecret, replyKey, transcriptIdentity, transcriptNext, transcriptStart,
} from "./schedule.js";
import { State, withClearAlert } from "./state.js";
import { open, seal, type Suite } from "./suites.js";
import { WAITING, type StateSealer, type Waiting, type WaitingPlace } from "./waiting.js";

const ZERO_NONCE = new Uint8Array(12);

/** What a responder is configured with. */
export interface ResponderConfig extends CommonConfig {
  /** One or more; a Hello without `recipient` is answered by the default one. */
  readonly identities: readonly LocalIdentity[];
  /** Index of the default identity; 0 unless given. */
  readonly defaultIdentity?: number;
  /** Whom it admits; there is no default. */
  readonly admit: Admission;
  /** The names that it serves, 1 to 255 bytes each. */
  readonly applicationProtocols: readonly string[];
  /** Seconds, 0 to 4,294,967,295: how long it honours a session after Accept. */
  readonly lifetime: number;
  readonly burn: BurnStore;
  /** The endpoint for which its waiting states count; over HTTP the path of the URL. */
  readonly endpoint?: string;
  readonly replyExtensions?: readonly Extension[];
  readonly acceptExtensions?: readonly Extension[];
}

/** The configuration with its defaults filled in. */
export interface ResponderSettings extends Common {
  readonly identities: readonly LocalIdentity[];
  readonly fallback: LocalIdentity;
  readonly admit: Admission;
  readonly protocols: readonly Uint8Array[];
  readonly lifetime: number;
  readonly burn: BurnStore;
  readonly place: WaitingPlace;
  readonly replyExtensions: Uint8Array;
  readonly acceptExtensions: Uint8Array;
}

/** The step after a Hello: send `message`, then wait in `next`. */
export type AfterHello =
  | { readonly kind: "retry"; readonly message: Uint8Array; readonly next: WaitHello2 }
  | { readonly kind: "reply"; readonly message: Uint8Array; readonly next: WaitFinish };

/** The step after a Finish: send `message` (Accept); then the handshake is over. */
export interface AfterFinish {
  readonly message: Uint8Array;
  readonly established: Established;
}

/** A responder, ready for any number of attempts. */
export class Responder {
  readonly #settings: ResponderSettings;

  /** @throws DidshakeError `caller` if the configuration contradicts itself */
  constructor(config: ResponderConfig) {
    this.#settings = settingsOf(config);
  }

  /** State WaitHello for one connection or, over HTTP, one request. */
  waitHello(): WaitHello {
    return new WaitHello(this.#settings);
  }

  /**
   * Takes a Finish whose waiting state was sealed (10.6): over HTTP, each request on its own.
   * @param token the bytes that {@link WaitFinish.seal} gave, or undefined if none of the right form came
   * @throws DidshakeError; before check 8 the waiting state stays usable (R-STATE-6)
   */
  async finish(message: Uint8Array, token: Uint8Array | undefined, sealer: StateSealer): Promise<AfterFinish> {
    const { place } = this.#settings;
    return takeFinish(this.#settings, message, (now) => {
      if (token === undefined) refuse("waiting_state_invalid");
      return sealer.open(token, place, now);
    });
  }
}

function settingsOf(config: ResponderConfig): ResponderSettings {
  const { identities, admit, lifetime, burn } = config;
  const shared = common(config, identities);
  const fallback = identities[config.defaultIdentity ?? 0] ?? callerFault("a responder has an identity");
  if (admit === undefined || admit === null) callerFault("a responder is told whom it admits");
  if (!Number.isInteger(lifetime) || lifetime < 0 || lifetime > 0xffffffff) callerFault("a lifetime is a u32 of seconds");
  return {
    ...shared, identities, fallback, admit, lifetime, burn,
    protocols: config.applicationProtocols.map(protocolName),
    place: { binding: shared.binding, prologue: shared.prologue, endpoint: config.endpoint ?? "" },
    replyExtensions: extensionBytes(config.replyExtensions),
    acceptExtensions: extensionBytes(config.acceptExtensions),
  };
}

/** State WaitHello of the responder (10.4). */
export class WaitHello extends State {
  readonly #settings: ResponderSettings;

  /** @internal */
  constructor(settings: ResponderSettings) {
    super();
    this.#settings = settings;
  }

  /** Takes a Hello (section 10.1). Draws the ephemeral secret, then the nonce. Throws DidshakeError. */
  async receive(message: Uint8Array): Promise<AfterHello> {
    this.consume();
    return takeHello(this.#settings, message, (suite) => ({
      kind: "retry", message: encodeRetry(suite.number), next: new WaitHello2(this.#settings),
    }));
  }
}

/** State WaitHello2: a Retry was sent on this connection (10.4). Over HTTP a new WaitHello takes its place (R-RETRY-7). */
export class WaitHello2 extends State {
  readonly #settings: ResponderSettings;

  /** @internal */
  constructor(settings: ResponderSettings) {
    super();
    this.#settings = settings;
  }

  /** Takes the second Hello; one that needs a Retry again is refused with `second_hello_needs_retry`. */
  async receive(message: Uint8Array): Promise<Extract<AfterHello, { kind: "reply" }>> {
    this.consume();
    return takeHello(this.#settings, message, () => refuse("second_hello_needs_retry"));
  }
}

type Replied = Extract<AfterHello, { kind: "reply" }>;

/** Section 10.1; `needsRetry` decides what comes of a share of another group. */
async function takeHello<R>(
  settings: ResponderSettings, message: Uint8Array, needsRetry: (suite: Suite) => R,
): Promise<Replied | R> {
  try {
    const bytes = copyBytes(message, "a message", MAX_HELLO);
    const hello = decodeHello(bytes);
    const { suite, identity } = judge(settings, hello);
    if (suite.group !== hello.group) return needsRetry(suite);
    return await makeReply(settings, { bytes, hello, suite, identity });
  } catch (fault) {
    throw withClearAlert(fault, settings.binding, "responder", INTERNAL);
  }
}

/** Steps 13 to 18 of section 10.1. */
function judge(settings: ResponderSettings, hello: Hello): { suite: Suite; identity: LocalIdentity } {
  const { registry } = settings;
  if (new Set(hello.suites).size !== hello.suites.length) refuse("suite_list_duplicate");
  const known = hello.suites.map((number) => registry.suite(number));
  if (known.every((suite) => suite !== undefined && suite.group !== hello.group)) refuse("suite_list_without_group");
  if (hello.extensions.some(({ id, critical }) => critical && id !== RECIPIENT)) refuse("unknown_critical_extension");
  const chosen = settings.suites.find((number) => hello.suites.includes(number));
  if (chosen === undefined) refuse("no_common_suite");
  if (!settings.protocols.some((name) => equal(name, hello.applicationProtocol))) refuse("unknown_application_protocol");
  const recipient = hello.extensions.find(({ id }) => id === RECIPIENT)?.body;
  const identity = recipient === undefined
    ? settings.fallback
    : settings.identities.find(({ did }) => equal(recipientBody(hello.nonce, did), recipient)) ?? refuse("unknown_recipient");
  return { suite: registry.suite(chosen) as Suite, identity };
}

interface Judged {
  readonly bytes: Uint8Array;
  readonly hello: Hello;
  readonly suite: Suite;
  readonly identity: LocalIdentity;
}

async function makeReply(settings: ResponderSettings, { bytes, hello, suite, identity }: Judged): Promise<Replied> {
  const group = settings.registry.group(suite.group) ?? refuse("share_invalid");
  const expiry = settings.clock() + WAITING;
  const [secret, nonce] = draw(settings, NONCE);
  try {
    const dh = group.agree(secret, hello.keyShare);
    const head = encodeReplyHead(suite.number, group.share(secret), nonce);
    const th1 = transcriptNext(transcriptStart(settings.binding, settings.prologue), bytes);
    const th2 = transcriptNext(th1, head);
    const hs = handshakeSecret(th2, dh);
    const plain = await signIdentity(identity, settings.replyExtensions, INTERNAL, (claim) => responderInput(th2, claim));
    const key = replyKey(hs);
    const message = concat(head, vec16(seal(suite, key, ZERO_NONCE, th2, plain)));
    wipe(key);
    const waiting: Waiting = {
      hs, th2, th3: transcriptIdentity(th2, plain), did: identity.did, fragment: identity.fragment, suite: suite.number,
      applicationProtocol: hello.applicationProtocol, expiry,
    };
    return { kind: "reply", message, next: new WaitFinish(settings, waiting) };
  } finally {
    wipe(secret);
  }
}

/** State WaitFinish of the responder, with its waiting state (10.6). */
export class WaitFinish extends State {
  readonly #settings: ResponderSettings;
  readonly #waiting: Waiting;

  /** @internal */
  constructor(settings: ResponderSettings, waiting: Waiting) {
    super();
    this.#settings = settings;
    this.#waiting = waiting;
  }

  /** Takes a Finish on this connection. Throws DidshakeError; the connection is closed then, and the state with it. */
  async receive(message: Uint8Array): Promise<AfterFinish> {
    this.consume();
    try {
      return await takeFinish(this.#settings, message, () => this.#waiting);
    } finally {
      wipe(this.#waiting.hs);
    }
  }

  /** Seals the waiting state instead, for {@link Responder.finish}; this object is used up. At most 3,072 bytes. */
  seal(sealer: StateSealer): Uint8Array {
    this.consume();
    const token = sealer.seal(this.#waiting, this.#settings.place, this.#settings.clock());
    wipe(this.#waiting.hs);
    return token;
  }

  /** @internal */
  protected override forget(): void {
    wipe(this.#waiting.hs);
  }
}

/** Section 10.3, check 8, and Accept. */
async function takeFinish(
  settings: ResponderSettings, message: Uint8Array, fetch: (now: number) => Waiting,
): Promise<AfterFinish> {
  try {
    const bytes = copyBytes(message, "a message", MAX_MESSAGE);
    const sealed = decodeSealed(bytes, FINISH);
    const now = settings.clock();
    const waiting = fetch(now);
    try {
      return await verifyFinish(settings, { sealed, now, waiting });
    } catch (fault) {
      throw fault instanceof DidshakeError ? fault : ownFailure(DENIED);
    } finally {
      wipe(waiting.hs);
    }
  } catch (fault) {
    throw withClearAlert(fault, settings.binding, "responder", INTERNAL);
  }
}

interface Came {
  readonly sealed: Uint8Array;
  readonly now: number;
  readonly waiting: Waiting;
}

async function verifyFinish(settings: ResponderSettings, { sealed, now, waiting }: Came): Promise<AfterFinish> {
  const { th3, hs } = waiting;
  const own = settings.identities.find((one) => one.did === waiting.did && one.fragment === waiting.fragment);
  const suite = settings.registry.suite(waiting.suite);
  if (own === undefined || suite === undefined) refuse("waiting_state_invalid");
  if (now >= waiting.expiry) refuse("waiting_state_expired");
  const key = finishKey(hs);
  const plain = open(suite, key, ZERO_NONCE, th3, sealed) ?? refuse("sealed_part_not_opened");
  wipe(key);
  const peer = await checkPeer(plain, {
    common: settings, admission: settings.admit, now, input: (claim) => initiatorInput(th3, claim, own),
  });
  // check 8, after all others: nobody but the initiator can use up an attempt
  const first = await guarded(DENIED, () => settings.burn.burn(th3, waiting.expiry));
  if (first !== true) refuse("finish_replayed");
  return makeAccept(settings, { waiting, suite, own, peer, th4: transcriptIdentity(th3, plain) });
}

interface Burned {
  readonly waiting: Waiting;
  readonly suite: Suite;
  readonly own: LocalIdentity;
  readonly peer: VerifiedPeer;
  readonly th4: Uint8Array;
}

function makeAccept(settings: ResponderSettings, { waiting, suite, own, peer, th4 }: Burned): AfterFinish {
  const { binding, lifetime, clock } = settings;
  const fruit = fruitOf(masterSecret(waiting.hs, th4));
  const plain = concat(u32(lifetime), vec16(settings.acceptExtensions));
  const message = encodeSealed(ACCEPT, seal(suite, fruit.kAccept, ZERO_NONCE, th4, plain));
  const established = establish(fruit, {
    role: "responder", binding, suite, peer, own, lifetime, acceptedAt: clock(),
    applicationProtocol: new TextDecoder().decode(waiting.applicationProtocol),
  });
  return { message, established };
}
