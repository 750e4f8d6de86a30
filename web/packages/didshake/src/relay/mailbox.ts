import { toBase64url } from "../encoding.js";
import { admits } from "../checks.js";
import type { Admission, Clock, LocalIdentity, Random } from "../config.js";
import { callerFault, DidshakeError } from "../errors.js";
import { openEnvelope, type ReceivedLetter } from "../mailbox/envelope.js";
import { MailboxKeyPair, MAX_KEY_LIFETIME } from "../mailbox/key.js";
import type { Resolver } from "../resolver.js";
import type { RelayOwner, TokenLimits, WaitingDeposit } from "./owner.js";
import { RelayRefusal } from "./refusal.js";
import type { MailboxStore } from "./store.js";
import { newDepositToken, tokenHash } from "./token.js";

/** What a mailbox is kept with. */
export interface MailboxOptions {
  readonly owner: RelayOwner;
  /** Whose mailbox it is: the identity that `owner` logs in with. It signs the mailbox keys. */
  readonly identity: LocalIdentity;
  readonly store: MailboxStore;
  /** Of whom letters are taken. There is no default. */
  readonly admit: Admission;
  readonly clock: Clock;
  readonly random: Random;
  readonly resolvers?: readonly Resolver[];
  /** Seconds that a mailbox key is good for; 2,592,000, 30 days, unless given. A new one is published when half of them is over. */
  readonly keyLifetime?: number;
}

/** How letters come. */
export interface Receiving {
  /** Ends it, with its reason. */
  readonly signal?: AbortSignal;
  /** `events`: server-sent events, unless given; `poll`: requests that wait. */
  readonly push?: "events" | "poll";
}

/** Seconds that a request of `poll` waits. */
const WAIT = 30;
const DEFAULT_LIFETIME = 2_592_000;
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 60_000;

type Verdict = "taken" | "refused" | "later";

/**
 * A mailbox at a relay with all that its owner does: keys that change, contacts that may write, letters that are checked, kept, and
 * handed out once.
 */
export class Mailbox {
  /** The mailbox URL: with the own DID and a deposit token it is what a contact needs to write. */
  readonly url: string;
  readonly #options: MailboxOptions;
  #keys: MailboxKeyPair[];
  /** The id of the key that depositors are given. */
  #published: string | null;
  /** Senders that could not be resolved: what else they wrote waits with the first. */
  readonly #unresolved = new Set<string>();

  private constructor(options: MailboxOptions, url: string, published: string | null, keys: MailboxKeyPair[]) {
    [this.#options, this.url, this.#published, this.#keys] = [options, url, published, keys];
  }

  /**
   * Opens the mailbox at the relay, or finds it, and publishes a mailbox key where one is due.
   * @throws DidshakeError those of `RelayOwner.open`; `own_failure` of the store; `caller` for a lifetime that no key has
   */
  static async open(options: MailboxOptions): Promise<Mailbox> {
    const { keyLifetime = DEFAULT_LIFETIME, owner, store } = options;
    if (!Number.isInteger(keyLifetime) || keyLifetime < 2 || keyLifetime > MAX_KEY_LIFETIME) callerFault("a mailbox key is for at most 90 days");
    const keys = (await store.keys()).map((stored) => MailboxKeyPair.restore(stored));
    const { url, key } = await owner.open();
    const mailbox = new Mailbox(options, url, key, keys);
    await mailbox.renewKeys();
    return mailbox;
  }

  /**
   * Lets a new contact write: gives its deposit token, which the relay does not have and nobody keeps here.
   * @param limits what it lets in
   * @throws DidshakeError those of `RelayOwner.letIn`
   */
  async invite(limits: TokenLimits = {}): Promise<string> {
    const token = newDepositToken(this.#options.random);
    await this.#options.owner.letIn(tokenHash(token), limits);
    return token;
  }

  /**
   * Publishes a new mailbox key when half of the time of the last is over, and destroys those whose grace is. `letters` does it too.
   * @throws DidshakeError those of `RelayOwner.publish`; `own_failure` of the store or the signer
   */
  async renewKeys(): Promise<void> {
    const { owner, store, identity, clock, random, keyLifetime = DEFAULT_LIFETIME } = this.#options;
    const now = clock();
    let newest = this.#keys.reduce<MailboxKeyPair | undefined>((a, b) => (a !== undefined && a.ends >= b.ends ? a : b), undefined);
    if (newest === undefined || newest.ends - now <= keyLifetime / 2) {
      newest = await MailboxKeyPair.generate({ identity, lifetime: keyLifetime, clock, random });
      // before anybody is shown the key (R-RLY-10)
      await store.addKey(newest.stored());
      this.#keys.push(newest);
    }
    const id = toBase64url(newest.id);
    if (this.#published !== id) await owner.publish(newest.signedKey);
    this.#published = id;
    await this.#destroy(now);
  }

  /**
   * Goes through what waits at the relay once: checks each deposit, keeps the letters, and answers.
   * @throws DidshakeError those of `RelayOwner`; `own_failure` of the store, and then nothing was answered
   */
  async collect(signal?: AbortSignal): Promise<void> {
    for await (const page of this.#pages(0, signal)) await this.#settle(page);
  }

  /**
   * The letters, in the order of each sender, each handed out once; waits for more, also over failures of the network, until the signal
   * ends it. Call `finish` for a letter when it is done with: `unfinished` has the others after a crash.
   * @throws DidshakeError a refusal of the relay that time does not mend; `own_failure` of the store; the signal's reason
   */
  async *letters({ signal, push = "events" }: Receiving = {}): AsyncGenerator<ReceivedLetter, void, undefined> {
    let pause = FIRST_PAUSE;
    for (;;) {
      yield* this.#taken();
      try {
        await this.renewKeys();
        await this.#options.store.sweep(this.#options.clock());
        for await (const page of push === "events" ? this.#events(signal) : this.#pages(WAIT, signal)) {
          pause = FIRST_PAUSE;
          await this.#settle(page);
          yield* this.#taken();
        }
      } catch (fault) {
        signal?.throwIfAborted();
        const after = passing(fault);
        await sleep(Math.max(pause, after * 1000), signal);
        pause = Math.min(pause * 2, LONGEST_PAUSE);
      }
    }
  }

  /** Letters that were handed out, by this process or one before, and not finished. Errors: `own_failure`. */
  unfinished(): Promise<ReceivedLetter[]> {
    return this.#options.store.unfinished();
  }

  /** The application is done with a letter: its content is removed from the store. Errors: `own_failure`. */
  finish(letter: ReceivedLetter): Promise<void> {
    return this.#options.store.finish(letter);
  }

  async *#taken(): AsyncGenerator<ReceivedLetter, void, undefined> {
    const { store } = this.#options;
    for (let letter = await store.take(); letter !== undefined; letter = await store.take()) yield letter;
  }

  /** What waits, and then what comes while one stream lasts. */
  async *#events(signal: AbortSignal | undefined): AsyncGenerator<WaitingDeposit[], void, undefined> {
    const after = yield* this.#pages(0, signal);
    for await (const deposit of this.#options.owner.events({ after, ...(signal && { signal }) })) yield [deposit];
  }

  /** Each deposit that waits, from the first on, until for so many seconds there was no further one; gives the last number. */
  async *#pages(wait: number, signal: AbortSignal | undefined): AsyncGenerator<WaitingDeposit[], number, undefined> {
    this.#unresolved.clear();
    for (let after = 0; ; ) {
      const page = await this.#options.owner.deposits({ after, wait, ...(signal && { signal }) });
      const last = page.at(-1);
      if (last === undefined) return after;
      yield page;
      after = last.sequence;
    }
  }

  /** Keeps what is good, durably, and answers then. */
  async #settle(page: readonly WaitingDeposit[]): Promise<void> {
    const [taken, refused]: [number[], number[]] = [[], []];
    for (const { sequence, envelope } of page) {
      const verdict = await this.#judge(envelope);
      if (verdict === "taken") taken.push(sequence);
      if (verdict === "refused") refused.push(sequence);
    }
    if (taken.length + refused.length > 0) await this.#options.owner.answer({ taken, refused });
  }

  async #judge(envelope: Uint8Array): Promise<Verdict> {
    const { admit, store, clock, resolvers } = this.#options;
    let sender = "";
    // asked at step 7, before anybody resolves: who has to wait is known then
    const asked = async (did: string): Promise<boolean> => {
      sender = did;
      return !this.#unresolved.has(did) && admits(admit, did);
    };
    try {
      const letter = await openEnvelope(envelope, { keys: this.#keys, admit: { admit: asked }, clock, ...(resolvers && { resolvers }) });
      await store.keep(letter);
      return "taken";
    } catch (fault) {
      if (!(fault instanceof DidshakeError) || fault.code === "own_failure" || fault.code === "caller") throw fault;
      if (fault.code === "did_resolution_failed") this.#unresolved.add(sender);
      return this.#unresolved.has(sender) ? "later" : "refused";
    }
  }

  /** The secrets that are over; forward secrecy comes from that. */
  async #destroy(now: number): Promise<void> {
    for (const pair of this.#keys.filter(({ over }) => over <= now)) {
      await this.#options.store.removeKey(pair.signedKey);
      pair.wipe();
      this.#keys = this.#keys.filter((one) => one !== pair);
    }
  }
}

/** Seconds that the relay asks for, where a failure passes by itself; throws it otherwise. */
function passing(fault: unknown): number {
  if (fault instanceof RelayRefusal && fault.later) return fault.retryAfter ?? 0;
  if (fault instanceof DidshakeError && (fault.code === "transport" || fault.code === "timeout")) return 0;
  throw fault;
}

function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", abort, { once: true });
  });
}
