import { copyBytes, Reader, wipe } from "./bytes.js";
import { Channel } from "./channel.js";
import { checkPeer, signIdentity } from "./checks.js";
import {
  common, extensionBytes, HTTP, protocolName, type Common, type CommonConfig, type LocalIdentity, type Meant, type VerifiedPeer,
} from "./config.js";
import { isShortForm } from "./did.js";
import { callerFault, DENIED, DidshakeError, INTERNAL, refuse } from "./errors.js";
import { establish, type Established } from "./established.js";
import { ACCEPT_LIST, decodeExtensions, RECIPIENT, type Extension } from "./extensions.js";
import { draw, recipientBody } from "./fresh.js";
import { initiatorInput, responderInput } from "./identity.js";
import {
  ACCEPT, checkType, decodeReply, decodeRetry, decodeSealed, encodeHello, encodeSealed, FINISH, MAX_MESSAGE, NONCE, REPLY, RETRY,
} from "./messages.js";
import {
  finishKey, fruitOf, handshakeSecret, masterSecret, replyKey, transcriptIdentity, transcriptNext, transcriptStart, type Fruit,
} from "./schedule.js";
import { State, withClearAlert } from "./state.js";
import { open, seal, type Suite } from "./suites.js";

const ZERO_NONCE = new Uint8Array(12);

/** What an initiator is configured with for one attempt. */
export interface InitiatorConfig extends CommonConfig {
  readonly identity: LocalIdentity;
  /** Whom it means; there is no default (R-INIT-1). */
  readonly meant: Meant;
  /** 1 to 255 bytes, such as `didshake.login/1`. */
  readonly applicationProtocol: string;
  /** Sends `recipient`, which lets everyone test guesses of the responder's DID; needs an exact DID (R-EXT-8). */
  readonly recipient?: boolean;
  readonly helloExtensions?: readonly Extension[];
  readonly finishExtensions?: readonly Extension[];
  /** Group of the first share; that of its first suite unless given. */
  readonly firstGroup?: number;
}

interface Settings extends Common {
  readonly identity: LocalIdentity;
  readonly meant: Meant;
  readonly protocol: string;
  readonly recipient: string | undefined;
  readonly helloExtensions: readonly Extension[];
  readonly finishExtensions: Uint8Array;
}

interface Sent {
  readonly settings: Settings;
  readonly group: number;
  readonly secret: Uint8Array;
  readonly th1: Uint8Array;
}

/** The step after a message that came while a Reply was waited for: send `message`, then wait in `next`. */
export type AfterReply =
  | { readonly kind: "retry"; readonly message: Uint8Array; readonly next: WaitReply2 }
  | { readonly kind: "finish"; readonly message: Uint8Array; readonly next: WaitAccept };

/** State Start of the initiator (10.4). */
export class Initiator extends State {
  readonly #settings: Settings;
  readonly #group: number;

  /** @throws DidshakeError `caller` if the configuration contradicts itself or does not say who is meant */
  constructor(config: InitiatorConfig) {
    super();
    const shared = common(config, [config.identity]);
    this.#settings = settingsOf(config, shared);
    const suite = shared.registry.suite(shared.suites[0] as number) as Suite;
    this.#group = config.firstGroup ?? suite.group;
    const offered = shared.suites.some((number) => shared.registry.suite(number)?.group === this.#group);
    if (!offered) callerFault("no suite is of the group of the first share");
  }

  /** Makes Hello. Draws the ephemeral secret, then the nonce. Errors: `own_failure` if the source of randomness fails. */
  start(): { message: Uint8Array; next: WaitReply } {
    this.consume();
    const { message, sent } = makeHello(this.#settings, this.#group);
    return { message, next: new WaitReply(sent) };
  }
}

function settingsOf(config: InitiatorConfig, shared: Common): Settings {
  const { meant, identity, applicationProtocol } = config;
  if (meant === undefined || meant === null) callerFault("an initiator is told whom it means");
  if (!("did" in meant || "methods" in meant || "admit" in meant)) callerFault("an initiator is told whom it means");
  if (config.recipient === true && !("did" in meant && !isShortForm(meant.did))) callerFault("recipient needs an exact DID");
  protocolName(applicationProtocol);
  const helloExtensions = config.helloExtensions ?? [];
  extensionBytes(helloExtensions);
  const recipient = config.recipient === true && "did" in meant ? meant.did : undefined;
  if (recipient !== undefined && helloExtensions.some(({ id }) => id === RECIPIENT)) callerFault("recipient twice");
  return {
    ...shared, identity, meant, protocol: applicationProtocol, recipient, helloExtensions,
    finishExtensions: extensionBytes(config.finishExtensions),
  };
}

function makeHello(settings: Settings, groupNumber: number): { message: Uint8Array; sent: Sent } {
  const group = settings.registry.group(groupNumber) ?? callerFault("an unknown group");
  const [secret, nonce] = draw(settings, NONCE);
  const extensions = [...settings.helloExtensions];
  if (settings.recipient !== undefined) {
    extensions.push({ id: RECIPIENT, critical: true, body: recipientBody(nonce, settings.recipient) });
    extensions.sort((a, b) => a.id - b.id);
  }
  const message = encodeHello({
    suites: settings.suites, group: groupNumber, keyShare: group.share(secret), nonce,
    applicationProtocol: protocolName(settings.protocol), extensions,
  });
  const th1 = transcriptNext(transcriptStart(settings.binding, settings.prologue), message);
  return { message, sent: { settings, group: groupNumber, secret, th1 } };
}

/** State WaitReply of the initiator (10.4). */
export class WaitReply extends State {
  readonly #sent: Sent;

  /** @internal */
  constructor(sent: Sent) {
    super();
    this.#sent = sent;
  }

  /**
   * Takes a Reply or a Retry. Nothing of the own identity is shown before checks 1 to 7 have passed (R-INIT-5).
   * @throws DidshakeError; the attempt is over then
   */
  async receive(message: Uint8Array): Promise<AfterReply> {
    this.consume();
    return ending(this.#sent, async () => {
      const bytes = copyBytes(message, "a message", MAX_MESSAGE);
      if (checkType(bytes, MAX_MESSAGE, REPLY, RETRY) === REPLY) return takeReply(this.#sent, bytes);
      return takeRetry(this.#sent, bytes);
    });
  }

  /** @internal */
  protected override forget(): void {
    wipe(this.#sent.secret);
  }
}

/** State WaitReply2 of the initiator: there was a Retry (10.4). */
export class WaitReply2 extends State {
  readonly #sent: Sent;

  /** @internal */
  constructor(sent: Sent) {
    super();
    this.#sent = sent;
  }

  /** Takes a Reply; a second Retry is refused with `second_retry`. */
  async receive(message: Uint8Array): Promise<Extract<AfterReply, { kind: "finish" }>> {
    this.consume();
    return ending(this.#sent, async () => {
      const bytes = copyBytes(message, "a message", MAX_MESSAGE);
      if (checkType(bytes, MAX_MESSAGE, REPLY, RETRY) === REPLY) return takeReply(this.#sent, bytes);
      decodeRetry(bytes);
      return refuse("second_retry");
    });
  }

  /** @internal */
  protected override forget(): void {
    wipe(this.#sent.secret);
  }
}

/** Runs a transition; whatever comes of it, the ephemeral secret is wiped. */
async function ending<T>(sent: Sent, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (fault) {
    throw withClearAlert(fault, sent.settings.binding, "initiator", INTERNAL);
  } finally {
    wipe(sent.secret);
  }
}

function takeRetry(sent: Sent, bytes: Uint8Array): AfterReply {
  const number = decodeRetry(bytes);
  const { settings } = sent;
  if (!settings.suites.includes(number)) refuse("retry_suite_not_offered");
  const suite = settings.registry.suite(number) as Suite;
  if (suite.group === sent.group) refuse("retry_same_group");
  const again = makeHello(settings, suite.group);
  return { kind: "retry", message: again.message, next: new WaitReply2(again.sent) };
}

/** Section 10.2 for Reply, then Finish. */
async function takeReply(sent: Sent, bytes: Uint8Array): Promise<Extract<AfterReply, { kind: "finish" }>> {
  const { settings } = sent;
  const reply = decodeReply(bytes);
  if (!settings.suites.includes(reply.suite)) refuse("reply_suite_not_offered");
  const suite = settings.registry.suite(reply.suite) as Suite;
  if (suite.group !== sent.group) refuse("reply_suite_wrong_group");
  const group = settings.registry.group(suite.group) ?? refuse("share_invalid");
  const dh = group.agree(sent.secret, reply.keyShare);
  const th2 = transcriptNext(sent.th1, reply.head);
  const hs = handshakeSecret(th2, dh);
  const key = replyKey(hs);
  try {
    const plain = open(suite, key, ZERO_NONCE, th2, reply.sealed) ?? refuse("sealed_part_not_opened");
    const peer = await checkPeer(plain, {
      common: settings, admission: settings.meant, now: settings.clock(), input: (claim) => responderInput(th2, claim),
    });
    return await makeFinish(settings, suite, { hs, th3: transcriptIdentity(th2, plain), peer });
  } finally {
    wipe(hs, key);
  }
}

interface Verified {
  readonly hs: Uint8Array;
  readonly th3: Uint8Array;
  readonly peer: VerifiedPeer;
}

async function makeFinish(settings: Settings, suite: Suite, { hs, th3, peer }: Verified) {
  const plain = await signIdentity(
    settings.identity, settings.finishExtensions, DENIED, (claim) => initiatorInput(th3, claim, peer),
  );
  const key = finishKey(hs);
  const message = encodeSealed(FINISH, seal(suite, key, ZERO_NONCE, th3, plain));
  const th4 = transcriptIdentity(th3, plain);
  const fruit = fruitOf(masterSecret(hs, th4));
  wipe(key);
  return { kind: "finish" as const, message, next: new WaitAccept(settings, { suite, th4, fruit, peer }) };
}

interface Finished {
  readonly suite: Suite;
  readonly th4: Uint8Array;
  readonly fruit: Fruit;
  readonly peer: VerifiedPeer;
}

/** State WaitAccept of the initiator (10.4). */
export class WaitAccept extends State {
  readonly #settings: Settings;
  readonly #finished: Finished;

  /** @internal */
  constructor(settings: Settings, finished: Finished) {
    super();
    this.#settings = settings;
    this.#finished = finished;
  }

  /**
   * Takes Accept. A lost Accept is not asked for again: a new attempt begins from the start (R-BIND-14).
   * @throws DidshakeError; for an Accept that opens but is bad, `answer` is an alert in a record (R-INIT-9)
   */
  receive(message: Uint8Array): Established {
    this.consume();
    const { suite, th4, fruit, peer } = this.#finished;
    const { binding, identity, protocol } = this.#settings;
    try {
      // read first: once Accept is open, no failure of our own may lead to a clear Alert (R-ALERT-5)
      const acceptedAt = this.#settings.clock();
      const sealed = decodeSealed(copyBytes(message, "a message", MAX_MESSAGE), ACCEPT);
      const plain = open(suite, fruit.kAccept, ZERO_NONCE, th4, sealed) ?? refuse("sealed_part_not_opened");
      const lifetime = this.#decode(plain);
      return establish(fruit, {
        role: "initiator", binding, suite, peer, own: identity, applicationProtocol: protocol, lifetime, acceptedAt,
      });
    } catch (fault) {
      this.forget();
      throw withClearAlert(fault, binding, "initiator", INTERNAL);
    }
  }

  /** @internal */
  protected override forget(): void {
    const { kAccept, i2r, r2i, exporter } = this.#finished.fruit;
    wipe(kAccept, i2r, r2i, exporter);
  }

  /** The lifetime of a plain text that is exactly a u32 and a list (R-INIT-7, R-INIT-8). */
  #decode(plain: Uint8Array): number {
    try {
      const reader = new Reader(plain, "accept_malformed");
      const lifetime = reader.u32();
      const list = decodeExtensions(reader.vec16(), ACCEPT_LIST);
      if (reader.remaining > 0) refuse("accept_malformed");
      if (list.some((entry) => entry.critical)) refuse("unknown_critical_extension");
      return lifetime;
    } catch (fault) {
      if (!(fault instanceof DidshakeError) || fault.alert === null || this.#settings.binding === HTTP) throw fault;
      const { suite, fruit } = this.#finished;
      const answer = new Channel("initiator", { suite, i2r: fruit.i2r, r2i: fruit.r2i }).alert(fault.alert);
      throw new DidshakeError(fault.code, { alert: fault.alert, answer });
    }
  }
}
