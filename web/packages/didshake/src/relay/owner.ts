import { utf8 } from "../bytes.js";
import { fromBase64url } from "../encoding.js";
import { callerFault } from "../errors.js";
import { mediaType, withDeadline } from "../fetching.js";
import type { JsonObject } from "../json.js";
import { login, type LoginOptions, type LoginSession } from "../login.js";
import { MAX_ENVELOPE } from "../mailbox/envelope.js";
import { originOf } from "../origin.js";
import { signedApart } from "./connections.js";
import { eventsOf } from "./events.js";
import { expectStatus, jsonOf, malformed, member, parsed, RelayRefusal } from "./refusal.js";

/** How an owner logs in at a relay: `url` is its endpoint, `meant` its DID. */
export type RelayOwnerOptions = Omit<LoginOptions, "applicationProtocol">;

/** The mailbox object of section 3. */
export interface MailboxStatus {
  /** The mailbox URL: where depositors come to. */
  readonly url: string;
  /** Deposits that wait, and the bytes of them. */
  readonly waiting: number;
  readonly bytes: number;
  /** What the relay keeps at most: deposits, bytes of them, tokens; and the seconds that a deposit may wait. */
  readonly limits: { readonly waiting: number; readonly bytes: number; readonly tokens: number; readonly seconds: number };
  /** Key id of the mailbox key that depositors are given, in base64url, or null. */
  readonly key: string | null;
  /** Unix seconds from which on that key is not good, or null. */
  readonly keyEnds: number | null;
}

/** What a deposit token lets in. What is left out is the relay's own limit. */
export interface TokenLimits {
  /** Unix seconds from which on it lets nobody in. */
  readonly expires?: number;
  /** Deposits that may wait under it. */
  readonly waiting?: number;
  /** Bytes of them. */
  readonly bytes?: number;
}

/** A token as the relay knows it. */
export interface TokenStatus {
  /** See `tokenHash`. */
  readonly hash: string;
  readonly expires: number | null;
  readonly waiting: number | null;
  readonly bytes: number | null;
  readonly waitingNow: number;
  readonly bytesNow: number;
}

/** A deposit that waits for the owner's answer. */
export interface WaitingDeposit {
  readonly sequence: number;
  /** Unix seconds: when the relay gives up. */
  readonly expires: number;
  readonly envelope: Uint8Array;
}

interface Asked<T> {
  readonly method: string;
  readonly path: string;
  readonly body?: { readonly type: string; readonly bytes: Uint8Array };
  readonly good: readonly number[];
  /** Reads the answer, within the time for it. */
  readonly read: (response: Response) => T | Promise<T>;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds more, where the relay is to wait. */
  readonly wait?: number;
}

/** Milliseconds for the answer to a request. */
const TIMEOUT = 30_000;
const MAX_JSON = 262_144;
/** A list: 1 MiB of envelopes in base64url, and what is around them. */
const MAX_LIST = 2_097_152;
const MAX_EVENT = 262_144;
const MAX_ANSWERS = 1024;

/**
 * The owner's side of a relay (section 3): signed requests of a session, which is made again when it is over. Its requests have
 * connections of their own, so that a depositor on this machine is not seen on one (R-RLY-8).
 */
export class RelayOwner {
  readonly #options: RelayOwnerOptions;
  #session: Promise<LoginSession> | undefined;

  /** Logs in at the first request. */
  constructor(options: RelayOwnerOptions) {
    this.#options = { ...options, fetch: signedApart(options.fetch) };
  }

  /** Opens the mailbox, or finds it. Errors: `RelayRefusal`, those of a login, `transport`, `timeout`. */
  async open(): Promise<MailboxStatus> {
    return this.#ask({ method: "PUT", path: "/v1/mailbox", good: [200, 201], read: (response) => this.#ours(response) });
  }

  /** The mailbox as it is. Errors: as {@link open}; `no_mailbox`. */
  async status(): Promise<MailboxStatus> {
    return this.#ask({ method: "GET", path: "/v1/mailbox", good: [200], read: (response) => this.#ours(response) });
  }

  /** Closes the mailbox: deposits, tokens, key and name are gone for good. Errors: as {@link status}. */
  async remove(): Promise<void> {
    await this.#ask({ method: "DELETE", path: "/v1/mailbox", good: [204], read: nothing });
  }

  /**
   * Gives depositors this mailbox key from now on. Its secret has to be durable before (R-RLY-10).
   * @throws DidshakeError as {@link status}
   */
  async publish(signedKey: Uint8Array): Promise<void> {
    const body = { type: "application/didshake-mailbox-key", bytes: signedKey };
    await this.#ask({ method: "PUT", path: "/v1/mailbox/key", body, good: [204], read: nothing });
  }

  /** Lets a deposit token in, or changes its limits; `hash` is its `tokenHash`. Errors: as {@link status}. */
  async letIn(hash: string, { expires, waiting, bytes }: TokenLimits = {}): Promise<void> {
    const body = json({ expires: expires ?? null, waiting: waiting ?? null, bytes: bytes ?? null });
    await this.#ask({ method: "PUT", path: tokenPath(hash), body, good: [200, 201], read: nothing });
  }

  /** Revokes a deposit token; what waits under it stays. Errors: as {@link status}; `no_token`. */
  async revoke(hash: string): Promise<void> {
    await this.#ask({ method: "DELETE", path: tokenPath(hash), good: [204], read: nothing });
  }

  /** The deposit tokens that there are. Errors: as {@link status}. */
  async tokens(): Promise<TokenStatus[]> {
    const list = await this.#ask({ method: "GET", path: "/v1/mailbox/tokens", good: [200], read: readList });
    return member.objects(list, "tokens", 1024).map((one) => ({
      hash: member.text(one, "hash"), expires: member.countOrNull(one, "expires"), waiting: member.countOrNull(one, "waiting"),
      bytes: member.countOrNull(one, "bytes"), waitingNow: member.count(one, "waiting_now"), bytesNow: member.count(one, "bytes_now"),
    }));
  }

  /**
   * Deposits that wait, ascending. They stay until they are answered.
   * @param query `after`: only those of higher numbers; `limit`: how many at most, 1 to 256; `wait`: seconds, 0 to 30, until there
   *   is one; `signal` ends the waiting, with its reason
   * @throws DidshakeError as {@link status}
   */
  async deposits(query: { after?: number; limit?: number; wait?: number; signal?: AbortSignal } = {}): Promise<WaitingDeposit[]> {
    const { after = 0, limit = 64, wait = 0, signal } = query;
    const path = `/v1/mailbox/deposits?after=${after}&limit=${limit}&wait=${wait}`;
    const list = await this.#ask({ method: "GET", path, good: [200], read: readList, signal, wait: wait * 1000 });
    const deposits = member.objects(list, "deposits", limit).map(depositIn);
    // a relay that shows again what is behind us would have us go round for ever
    deposits.reduce((last, { sequence }) => (sequence > last ? sequence : malformed()), after);
    return deposits;
  }

  /** Answers deposits: taken once they are durable here, or refused (R-RLY-9). Errors: as {@link status}. */
  async answer({ taken = [], refused = [] }: { taken?: readonly number[]; refused?: readonly number[] }): Promise<void> {
    const answers = [...taken.map((one) => [one, true] as const), ...refused.map((one) => [one, false] as const)];
    for (let at = 0; at < answers.length; at += MAX_ANSWERS) {
      const part = answers.slice(at, at + MAX_ANSWERS);
      const pick = (wanted: boolean): number[] => part.filter(([, isTaken]) => isTaken === wanted).map(([one]) => one);
      const body = json({ taken: pick(true), refused: pick(false) });
      await this.#ask({ method: "POST", path: "/v1/mailbox/answers", body, good: [204], read: nothing });
    }
  }

  /**
   * Deposits as they come, over server-sent events, until the relay ends the stream: then come again.
   * @param query as for {@link deposits}
   * @throws DidshakeError as {@link status}; `transport` if the stream is cut
   */
  async *events({ after = 0, signal }: { after?: number; signal?: AbortSignal } = {}): AsyncGenerator<WaitingDeposit, void, undefined> {
    const body = await this.#ask({ method: "GET", path: `/v1/mailbox/events?after=${after}`, good: [200], read: streamIn, signal });
    try {
      for await (const { type, data } of eventsOf(body, MAX_EVENT)) {
        if (type === "deposit") yield depositIn(parsed(utf8(data)));
      }
    } catch (fault) {
      signal?.throwIfAborted();
      throw fault;
    }
  }

  /** Forgets the session's keys on this side; a later request logs in again. */
  end(): void {
    this.#session?.then((session) => session.end(), () => undefined);
    this.#session = undefined;
  }

  /** A relay sends those who write to us to itself, and to nobody else. */
  async #ours(response: Response): Promise<MailboxStatus> {
    const status = await readStatus(response);
    return originOf(status.url)?.origin === originOf(this.#options.url)?.origin ? status : malformed();
  }

  /** One signed request; a session that the relay no longer honours is made anew once. */
  async #ask<T>(asked: Asked<T>): Promise<T> {
    const session = await this.#logIn();
    try {
      return await send(session, asked);
    } catch (fault) {
      if (!(fault instanceof RelayRefusal) || fault.status !== 401) throw fault;
    }
    return send(await this.#logIn(session), asked);
  }

  /** The session, or the login that is under way; another than the one that is `over`. */
  async #logIn(over?: LoginSession): Promise<LoginSession> {
    const held = this.#session;
    const session = await held?.catch(() => undefined);
    if (session !== undefined && session !== over && session.live) return session;
    if (this.#session === held) {
      session?.end();
      this.#session = login(this.#options);
    }
    return this.#session as Promise<LoginSession>;
  }
}

async function send<T>(session: LoginSession, { method, path, body, good, read, signal, wait = 0 }: Asked<T>): Promise<T> {
  signal?.throwIfAborted();
  const headers: Record<string, string> = body === undefined ? {} : { "Content-Type": body.type };
  try {
    return await withDeadline(TIMEOUT + wait, async (late) => {
      const ends = signal === undefined ? late : AbortSignal.any([late, signal]);
      const response = await session.fetch(path, { method, headers, ...(body && { body: body.bytes }), signal: ends });
      return read(await expectStatus(response, ...good));
    });
  } catch (fault) {
    signal?.throwIfAborted();
    throw fault;
  }
}

function tokenPath(hash: string): string {
  if (fromBase64url(hash)?.length !== 32) callerFault("the hash of a token is 43 characters of base64url");
  return `/v1/mailbox/tokens/${hash}`;
}

function json(value: object): { type: string; bytes: Uint8Array } {
  return { type: "application/json", bytes: utf8(JSON.stringify(value)) };
}

/** What an answer says besides its status is of no interest. */
function nothing(response: Response): void {
  response.body?.cancel().catch(() => undefined);
}

const readList = (response: Response): Promise<JsonObject> => jsonOf(response, MAX_LIST);

function streamIn(response: Response): ReadableStream<Uint8Array> {
  return mediaType(response) === "text/event-stream" && response.body !== null ? response.body : malformed();
}

async function readStatus(response: Response): Promise<MailboxStatus> {
  const object = await jsonOf(response, MAX_JSON);
  const limits = member.object(object, "limits");
  return {
    url: member.text(object, "url"), waiting: member.count(object, "waiting"), bytes: member.count(object, "bytes"),
    limits: {
      waiting: member.count(limits, "waiting"), bytes: member.count(limits, "bytes"), tokens: member.count(limits, "tokens"),
      seconds: member.count(limits, "seconds"),
    },
    key: object.get("key") === null ? null : member.text(object, "key"), keyEnds: member.countOrNull(object, "key_ends"),
  };
}

function depositIn(object: JsonObject): WaitingDeposit {
  const envelope = fromBase64url(member.text(object, "envelope"));
  if (envelope === undefined || envelope.length > MAX_ENVELOPE) malformed();
  return { sequence: member.count(object, "sequence"), expires: member.count(object, "expires"), envelope };
}
