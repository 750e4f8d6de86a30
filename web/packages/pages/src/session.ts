/** A session as the service tells of it. Times are Unix seconds. */
export interface Session {
  readonly session_id: string;
  readonly did: string;
  readonly verification_method: string;
  readonly algorithm: string;
  readonly public_key: string;
  readonly created: number;
  readonly expires: number;
  readonly last_used: number | null;
  /** The address of whoever made it. */
  readonly client: string | null;
  readonly current: boolean;
  readonly service: { readonly did: string };
}

/** An answer of the service that is no use here; `status` 0 means that none came. */
export class Refused extends Error {
  constructor(readonly status: number, readonly retryAfter: string | null = null) {
    super(`status ${status}`);
  }
}

/** One request with the cookie. Errors: {@link Refused} unless the status is one of `good`. */
export async function ask(method: string, path: string, good: readonly number[], value?: object): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json" };
  const init: RequestInit = { method, credentials: "same-origin", cache: "no-store", headers };
  if (value !== undefined) {
    headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(value);
  }
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new Refused(0);
  }
  if (!good.includes(response.status)) throw new Refused(response.status, response.headers.get("retry-after"));
  return response;
}

/** The session of this browser, or undefined if it has none. */
export async function currentSession(): Promise<Session | undefined> {
  const response = await ask("GET", "/v1/session", [200, 401]);
  return response.status === 401 ? undefined : ((await response.json()) as Session);
}

/** The sessions of whoever is logged in. */
export async function allSessions(): Promise<Session[]> {
  const response = await ask("GET", "/v1/sessions", [200]);
  return ((await response.json()) as { sessions: Session[] }).sessions;
}

/** Ends the session of this browser; one that is over already counts as ended. */
export async function endCurrent(): Promise<void> {
  await ask("DELETE", "/v1/session", [204, 401]);
}

export async function endAll(): Promise<void> {
  await ask("DELETE", "/v1/sessions", [204, 401]);
}

export async function endOne(id: string): Promise<void> {
  await ask("DELETE", `/v1/sessions/${encodeURIComponent(id)}`, [204, 404]);
}
