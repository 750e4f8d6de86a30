import { systemClock, systemRandom } from "../../didshake/src/config.js";
import { login, type LoginSession } from "../../didshake/src/login.js";
import { DidWebResolver } from "../../didshake/src/web.js";
import { clockError, failureOf, noCookie, wrongClock, type Failure } from "./failure.js";
import type { Identity } from "./identities.js";
import type { Service } from "./service.js";
import { currentSession, endCurrent, type Session } from "./session.js";
import type { Wire } from "./wire.js";

/** The path whose answer sets the cookie. */
export const COOKIE = "/v1/session/cookie";

/** A login that failed, with its page. */
export class LoginFailed extends Error {
  constructor(readonly failure: Failure) {
    super(failure.code);
  }
}

/**
 * The handshake with the service that is meant, and the cookie for what follows.
 * @param replaces whether this browser has a session, which ends then
 * @throws LoginFailed
 */
export async function authenticate(identity: Identity, service: Service, wire: Wire, replaces: boolean): Promise<Session> {
  let session: LoginSession | undefined;
  try {
    session = await login({
      url: service.endpoint, meant: { did: service.did }, fetch: wire.fetch, clock: systemClock, random: systemRandom,
      identity: { did: identity.did, fragment: "", signer: identity.signer }, resolvers: [new DidWebResolver({ fetch: wire.fetch })],
    });
    if (replaces) await endCurrent();
    return await takeCookie(session, wire);
  } catch (fault) {
    if (fault instanceof LoginFailed) throw fault;
    throw new LoginFailed(failureOf(fault, { answered: wire.last, alert: wire.alert, proved: wire.proved }));
  } finally {
    // the page keeps no key to requests: from here on the cookie counts
    session?.end();
  }
}

async function takeCookie(session: LoginSession, wire: Wire): Promise<Session> {
  const { status } = await session.fetch(COOKIE, { method: "POST" });
  if (status !== 204) {
    const difference = status === 401 ? clockError(wire.last?.date ?? null) : undefined;
    throw new LoginFailed(difference === undefined ? noCookie(status, wire.last?.retryAfter ?? null) : wrongClock(difference));
  }
  const current = await currentSession();
  if (current === undefined) throw new LoginFailed(noCookie(status, null));
  return current;
}
