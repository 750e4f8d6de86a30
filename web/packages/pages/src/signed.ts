import { utf8 } from "../../didshake/src/bytes.js";
import type { LoginSession } from "../../didshake/src/login.js";
import { COOKIE, LoginFailed, unsigned, withSession, type Holder } from "./authenticate.js";
import { failureOf, noClaim, type Failure } from "./failure.js";
import { Pins } from "./pins.js";
import { askService, hasChanged, type Service } from "./service.js";
import { Refused } from "./session.js";
import { Wire } from "./wire.js";

/** One signed request. Errors: {@link Refused} unless the status is one of `good`. */
export type Signed = (method: string, path: string, good: readonly number[], value?: object) => Promise<Response>;

/**
 * A handshake in the background for what the service takes from a key only, not from a cookie. Its session ends with it.
 * @throws LoginFailed, Refused
 */
export async function briefly<T>(holder: Holder, act: (signed: Signed) => Promise<T>): Promise<T> {
  const wire = new Wire(COOKIE, () => undefined);
  return withSession(holder, await knownService(wire), wire, async (session) => {
    const signed: Signed = (method, path, good, value) => send(session, wire, good, [method, path, value]);
    try {
      return await act(signed);
    } finally {
      // over already where the key was removed; and an end that does not arrive comes by itself
      await signed("DELETE", "/v1/session", [204]).catch(() => undefined);
    }
  });
}

/** The page for whatever {@link briefly} threw. */
export function failureIn(fault: unknown): Failure {
  return fault instanceof LoginFailed ? fault.failure : failureOf(fault);
}

async function send(session: LoginSession, wire: Wire, good: readonly number[], [method, path, value]: [string, string, object | undefined]) {
  const body = value && utf8(JSON.stringify(value));
  const headers: Record<string, string> = { Accept: "application/json", ...(body && { "Content-Type": "application/json" }) };
  const response = await session.fetch(path, { method, headers, ...(body && { body }) });
  if (good.includes(response.status)) return response;
  const clock = unsigned(wire);
  throw clock === undefined ? new Refused(response.status, response.headers.get("retry-after")) : new LoginFailed(clock);
}

/** Who this origin is, if it is who it was before: nothing is done here with another. */
async function knownService(wire: Wire): Promise<Service> {
  let service: Service | undefined;
  try {
    service = await askService(await Pins.open(), wire);
  } catch (fault) {
    throw new LoginFailed(failureOf(fault, { answered: wire.last }));
  }
  if (service === undefined) throw new LoginFailed(noClaim());
  if (hasChanged(service)) throw new LoginFailed(changed());
  return service;
}

function changed(): Failure {
  return {
    title: "The identity of this service has changed",
    happened: [`This is not the identity that ${location.host} had before. Nothing was sent.`],
    todo: ["Go to the login page, which shows both identities and says what to do."],
    code: "pin mismatch", again: false,
  };
}
