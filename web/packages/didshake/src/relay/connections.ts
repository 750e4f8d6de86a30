import { QUIET, type Fetch } from "../fetching.js";

/**
 * Whoever is an owner and a depositor at one relay is not to be seen as both on one connection (R-RLY-8). A browser keeps connections
 * with credentials apart from those without, and ignores this field; elsewhere no connection is used twice.
 */
const ALONE = { Connection: "close" };

/** `fetch` for what names the owner: the login and signed requests. */
export function signedApart(fetch: Fetch): Fetch {
  return (url, init) => fetch(url, { ...init, credentials: "same-origin", headers: { ...(init.headers as Record<string, string>), ...ALONE } });
}

/** `fetch` for what names nobody. */
export function namelessApart(fetch: Fetch): Fetch {
  return (url, init) => fetch(url, { ...init, ...QUIET, headers: { ...(init.headers as Record<string, string>), ...ALONE } });
}
