import { concat, u32, utf8 } from "../bytes.js";
import type { Clock, LocalIdentity, Random } from "../config.js";
import { fromBase64url } from "../encoding.js";
import { callerFault } from "../errors.js";
import { transportFailure, withDeadline, type Fetch } from "../fetching.js";
import { MAX_ENVELOPE, sealLetter, type SealedLetter } from "../mailbox/envelope.js";
import { verifyMailboxKey, type MailboxKey } from "../mailbox/key.js";
import { u64 } from "../mailbox/signed.js";
import { isLoopback, originOf } from "../origin.js";
import type { Resolver } from "../resolver.js";
import { namelessApart } from "./connections.js";
import { bytesOf, expectStatus, jsonOf, malformed, member } from "./refusal.js";
import { depositName, tokenBytes } from "./token.js";

/** What a depositor has from the owner, and how it writes. */
export interface DepositorOptions {
  /** The mailbox URL. */
  readonly mailbox: string;
  /** The deposit token: 43 characters. */
  readonly token: string;
  /** The DID of the owner: a letter goes to nobody else. */
  readonly recipient: string;
  /** Whose letters they are. The relay does not learn it. */
  readonly identity: LocalIdentity;
  /** See {@link Depositor}. */
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly random: Random;
  readonly resolvers?: readonly Resolver[];
  /** Milliseconds for each request; 30,000 unless given. */
  readonly timeout?: number;
}

/** What a letter says. */
export interface LetterToSend {
  /** 1 to 255 visible characters of ASCII, such as `text/plain`. */
  readonly contentType: string;
  /** At most 65,536 bytes. */
  readonly content: Uint8Array;
  /** Seconds until it expires, at most 2,592,000: 30 days. */
  readonly lifetime: number;
}

/** How far a deposit is (section 4). `taken` and `refused` are the owner's word, `unknown` is also what is long over. */
export type DepositState = "waiting" | "taken" | "refused" | "expired" | "unknown";

/** A deposit, by its name, and how far it is. */
export interface Deposit {
  readonly deposit: string;
  readonly state: DepositState;
}

/** A letter that is at the relay. */
export interface SentLetter extends SealedLetter, Deposit {}

const STATES: readonly DepositState[] = ["waiting", "taken", "refused", "expired", "unknown"];
const TIMEOUT = 30_000;
const MAX_KEY = 2421;
const MAX_ANSWER = 65_536;
const MAX_ENVELOPES = 64;
const MAX_BODY = 4_194_304;
const MAX_STATES = 256;
/** Seconds after which a mailbox key is asked for again, and its owner resolved again. */
const KEY_AGE = 300;

interface Asked {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: { readonly type: string; readonly bytes: Uint8Array };
}

/**
 * Whoever writes to a mailbox (section 4). Its requests are not signed, carry no cookie, and share no connection with those of a
 * `RelayOwner` (R-RLY-8). Whoever sends other signed requests to the same relay, or is a page of another origin than the relay's, gives
 * this a `fetch` with connections of its own.
 */
export class Depositor {
  readonly #options: DepositorOptions;
  #key: { readonly key: MailboxKey; readonly until: number } | undefined;

  /** @throws DidshakeError `caller` for what is no mailbox URL or no token */
  constructor(options: DepositorOptions) {
    tokenBytes(options.token);
    checkUrl(options.mailbox);
    this.#options = options;
  }

  /**
   * The mailbox key of the recipient, verified; asked for and verified again after five minutes.
   * @throws DidshakeError `RelayRefusal`, `transport`, `timeout`; the codes of `verifyMailboxKey`
   */
  async key(): Promise<MailboxKey> {
    const { clock, recipient, resolvers } = this.#options;
    const now = clock();
    if (this.#key !== undefined && now < Math.min(this.#key.until, this.#key.key.ends)) return this.#key.key;
    const bytes = await this.#ask({ method: "GET", path: "/key" }, (answer) => bytesOf(answer, "application/didshake-mailbox-key", MAX_KEY));
    const key = await verifyMailboxKey(bytes, { meant: { did: recipient }, clock, ...(resolvers && { resolvers }) });
    this.#key = { key, until: now + KEY_AGE };
    return key;
  }

  /** Seals a letter to the recipient's mailbox key, to be deposited. Errors: as {@link key}; the codes of `sealLetter`. */
  async seal({ contentType, content, lifetime }: LetterToSend): Promise<SealedLetter> {
    const { identity, clock, random } = this.#options;
    return sealLetter({ identity, to: await this.key(), contentType, content, lifetime, clock, random });
  }

  /**
   * Deposits sealed letters, all or none; the answer says that they are durable. Without an answer (`transport`, `timeout`) ask again
   * with the same ones: that changes nothing where they came. Wait for the answer before the next, so that the order is kept.
   * @param letters 1 to 64, at most 4 MiB together
   * @throws DidshakeError `RelayRefusal`, `transport`, `timeout`, `caller`
   */
  async deposit(letters: readonly Pick<SealedLetter, "envelope" | "expires">[]): Promise<Deposit[]> {
    if (letters.length === 0 || letters.length > MAX_ENVELOPES) callerFault("1 to 64 envelopes at a time");
    if (letters.some(({ envelope }) => envelope.length > MAX_ENVELOPE)) callerFault("not an envelope");
    const bytes = concat(...letters.flatMap(({ envelope, expires }) => [u64(expires), u32(envelope.length), envelope]));
    if (bytes.length > MAX_BODY) callerFault("at most 4 MiB at a time");
    const body = { type: "application/didshake-envelopes", bytes };
    const names = letters.map(({ envelope }) => depositName(envelope));
    return this.#ask({ method: "POST", path: "", body }, (answer) => depositsIn(answer, names));
  }

  /** Seals and deposits one letter. Keep it where it must not be lost: see {@link deposit}. Errors: those of both. */
  async send(letter: LetterToSend): Promise<SentLetter> {
    const sealed = await this.seal(letter);
    const [deposit] = await this.deposit([sealed]);
    return { ...sealed, ...(deposit as Deposit) };
  }

  /** How far deposits of this token are, in the order of their names; 1 to 256. Errors: as {@link deposit}. */
  async states(deposits: readonly string[]): Promise<Deposit[]> {
    if (deposits.length === 0 || deposits.length > MAX_STATES) callerFault("1 to 256 deposits at a time");
    const body = { type: "application/json", bytes: utf8(JSON.stringify({ deposits })) };
    return this.#ask({ method: "POST", path: "/states", body }, (answer) => depositsIn(answer, deposits));
  }

  async #ask<T>({ method, path, body }: Asked, read: (answer: Response) => Promise<T>): Promise<T> {
    const { mailbox, token, timeout } = this.#options;
    const fetch = namelessApart(this.#options.fetch);
    const headers: Record<string, string> = { Authorization: `DIDShake-Deposit ${token}` };
    if (body !== undefined) headers["Content-Type"] = body.type;
    return withDeadline(timeout ?? TIMEOUT, async (signal) => {
      const request: RequestInit = { method, headers, signal, ...(body && { body: Uint8Array.from(body.bytes) }) };
      const answer = await fetch(mailbox + path, request).catch(() => {
        throw transportFailure("no answer");
      });
      return read(await expectStatus(answer, 200));
    });
  }
}

/** Errors: `caller`. */
function checkUrl(mailbox: string): void {
  const place = originOf(mailbox);
  const name = place && mailbox.startsWith(`${place.origin}/m/`) ? mailbox.slice(place.origin.length + 3) : "";
  const good = mailbox.length <= 255 && fromBase64url(name)?.length === 16;
  if (!good || !(place?.origin.startsWith("https:") || isLoopback(place?.origin ?? ""))) callerFault("not a mailbox URL");
}

/** The states that were asked for, in their order. Errors: `transport`. */
async function depositsIn(answer: Response, names: readonly string[]): Promise<Deposit[]> {
  const list = member.objects(await jsonOf(answer, MAX_ANSWER), "deposits", names.length);
  if (list.length !== names.length) malformed();
  return list.map((one, at) => {
    const [deposit, state] = [member.text(one, "deposit"), STATES.find((known) => known === member.text(one, "state"))];
    return deposit === names[at] && state !== undefined ? { deposit, state } : malformed();
  });
}
