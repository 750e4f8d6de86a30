import { concat } from "./bytes.js";
import { DidshakeError } from "./errors.js";

/** What this package needs of `fetch`; give it the platform's, or one that goes through a proxy or a test. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Never follows a redirect, never sends or keeps anything of the user. */
export const QUIET: RequestInit = {
  redirect: "manual", credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer",
};

/** A failure of the transport or of the HTTP layer; it has no code of section 14.10. */
export function transportFailure(detail: string): DidshakeError {
  return new DidshakeError("transport", { detail });
}

/** The media type without its parameters, in lower case; several make none that is known. */
export function mediaType(response: Response): string {
  return (response.headers.get("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/** True for a response that is a redirect, or came after one. */
export function isRedirect(response: Response): boolean {
  return response.type === "opaqueredirect" || response.redirected || (response.status >= 300 && response.status < 400);
}

/** The body, or undefined if it is longer than `limit` bytes: then the rest is not read. */
export async function readBody(response: Response, limit: number): Promise<Uint8Array | undefined> {
  const reader = response.body?.getReader();
  if (reader === undefined) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return concat(...parts);
    length += value.length;
    if (length > limit) {
      // what comes of the cancellation is of no interest
      reader.cancel().catch(() => undefined);
      return undefined;
    }
    parts.push(value);
  }
}

/** Runs with a signal that fires after `milliseconds`. Errors: `timeout` then (R-LIMIT-2). */
export async function withDeadline<T>(milliseconds: number, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new DidshakeError("timeout"));
      controller.abort();
    }, milliseconds);
  });
  try {
    return await Promise.race([run(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}
