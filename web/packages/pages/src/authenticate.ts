import { utf8 } from "../../didshake/src/bytes.js";
import { systemClock, systemRandom } from "../../didshake/src/config.js";
import { login, type LoginSession } from "../../didshake/src/login.js";
import type { Signer } from "../../didshake/src/signer.js";
import type { Resolver } from "../../didshake/src/resolver.js";
import { clockError, failureOf, noCookie, wrongClock, type Failure } from "./failure.js";
import type { Service } from "./service.js";
import { currentSession, endCurrent, Refused, type Session } from "./session.js";
import type { Wire } from "./wire.js";

/** The path whose answer sets the cookie. */
export const COOKIE = "/v1/session/cookie";

/** A DID, and what signs for it. */
export interface Holder {
  readonly did: string;
  readonly signer: Signer;
}

/** A login that failed, with its page. */
export class LoginFailed extends Error {
  constructor(readonly failure: Failure) {
    super(failure.code);
  }
}

/** How a session uses an invite that was claimed for its DID. */
export const ACCEPT = "/v1/invites/accept";

/**
 * The handshake with the service that is meant, and the cookie for what follows.
 * @param replaces whether this browser has a session, which ends then
 * @param invite the secret of an invite that was claimed for the DID
 * @throws LoginFailed, Refused
 */
export function authenticate(holder: Holder, service: Service, wire: Wire, replaces: boolean, invite?: string): Promise<Session> {
  return withSession(holder, service, wire, async (session) => {
    if (invite !== undefined) await accept(session, invite);
    if (replaces) await endCurrent();
    return takeCookie(session, wire);
  });
}

/**
 * The handshake with the service that is meant, and something to do with the session.
 * @throws LoginFailed, Refused
 */
export async function withSession<T>(holder: Holder, service: Service, wire: Wire, act: (session: LoginSession) => Promise<T>): Promise<T> {
  let session: LoginSession | undefined;
  try {
    session = await login({
      url: service.endpoint, meant: { did: service.did }, fetch: wire.fetch, clock: systemClock, random: systemRandom,
      identity: { did: holder.did, fragment: "", signer: holder.signer }, resolvers: [later(wire)],
    });
    return await act(session);
  } catch (fault) {
    if (fault instanceof LoginFailed || fault instanceof Refused) throw fault;
    throw new LoginFailed(failureOf(fault, { answered: wire.last, alert: wire.alert, proved: wire.proved }));
  } finally {
    // the page keeps no key to requests: from here on the cookie counts
    session?.end();
  }
}

/** For a service whose DID has a document to be fetched: what reads one is loaded then. */
function later({ fetch }: Wire): Resolver {
  const load = async (did: string) => (await import("./documents.js")).resolverOf(did, fetch);
  return { methods: ["web", "webvh"], resolve: async (did, options) => (await load(did)).resolve(did, options) };
}

/** Errors: {@link Refused}, 404 unknown, 409 for somebody else, 410 used up or over. */
async function accept(session: LoginSession, secret: string): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  const { status } = await session.fetch(ACCEPT, { method: "POST", headers, body: utf8(JSON.stringify({ secret })) });
  if (status !== 200) throw new Refused(status);
}

async function takeCookie(session: LoginSession, wire: Wire): Promise<Session> {
  const { status } = await session.fetch(COOKIE, { method: "POST" });
  if (status !== 204) throw new LoginFailed(unsigned(wire) ?? noCookie(status, wire.last?.retryAfter ?? null));
  const current = await currentSession();
  if (current === undefined) throw new LoginFailed(noCookie(status, null));
  return current;
}

/** Why the service did not take a signed request for one: this device's clock, or nothing that is known here. */
export function unsigned({ last }: Wire): Failure | undefined {
  const difference = last?.status === 401 ? clockError(last.date) : undefined;
  return difference === undefined ? undefined : wrongClock(difference);
}
