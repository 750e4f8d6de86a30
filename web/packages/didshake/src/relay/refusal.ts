import { DidshakeError } from "../errors.js";
import { isRedirect, mediaType, readBody, transportFailure } from "../fetching.js";
import { parseJsonObject, type Json, type JsonObject } from "../json.js";

const CODES = [
  "token", "no_mailbox", "no_token", "no_key", "away", "not_admitted", "malformed", "envelope_malformed", "expires", "mailbox_key",
  "too_large", "full", "rate", "unavailable",
] as const;

/** A code of section 7: why a relay refuses. */
export type RelayCode = (typeof CODES)[number];

/** Longest description of a refusal that is read, in bytes. */
const MAX_PROBLEM = 16_384;

/** A refusal of a relay; {@link DidshakeError.code} is `relay`. */
export class RelayRefusal extends DidshakeError {
  /** Why, or undefined if the relay gave no code of section 7. */
  readonly reason: RelayCode | undefined;
  /** The status of HTTP. */
  readonly status: number;
  /** Seconds after which it may be tried again, or undefined if the relay did not say. */
  readonly retryAfter: number | undefined;

  /** @internal */
  constructor(status: number, reason: RelayCode | undefined, retryAfter: number | undefined) {
    super("relay", { detail: `${reason ?? "no reason"}, status ${status}` });
    this.name = "RelayRefusal";
    [this.status, this.reason, this.retryAfter] = [status, reason, retryAfter];
  }

  /** True where the same may succeed later: too many requests, a full mailbox, a relay that is not ready. */
  get later(): boolean {
    return this.reason === "full" || this.reason === "rate" || this.status === 429 || this.status >= 502;
  }
}

/** @internal Passes an answer with one of these statuses on. Errors: {@link RelayRefusal}; `transport` for a redirect. */
export async function expectStatus(response: Response, ...good: readonly number[]): Promise<Response> {
  if (isRedirect(response)) throw transportFailure("a redirect");
  if (good.includes(response.status)) return response;
  const after = response.headers.get("retry-after") ?? "";
  throw new RelayRefusal(response.status, await reasonOf(response), /^[0-9]{1,9}$/.test(after) ? Number(after) : undefined);
}

/** @internal The bytes of an answer with this media type. Errors: `transport` for another, for a longer one, or for a cut. */
export async function bytesOf(response: Response, type: string, limit: number): Promise<Uint8Array> {
  if (mediaType(response) !== type) throw transportFailure(`an answer that is no ${type}`);
  const body = await readBody(response, limit).catch(() => undefined);
  return body ?? malformed();
}

/** @internal The JSON object of an answer. Errors: `transport`. */
export async function jsonOf(response: Response, limit: number): Promise<JsonObject> {
  const bytes = await bytesOf(response, "application/json", limit);
  return parsed(bytes);
}

/** @internal One JSON object. Errors: `transport`. */
export function parsed(bytes: Uint8Array): JsonObject {
  try {
    return parseJsonObject(bytes);
  } catch {
    return malformed();
  }
}

/** @internal Members of an answer, each of its kind. Errors: `transport` for one that is not. */
export const member = {
  text(object: JsonObject, name: string): string {
    const value = object.get(name);
    return typeof value === "string" ? value : malformed();
  },
  count(object: JsonObject, name: string): number {
    const value = object.get(name);
    return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : malformed();
  },
  countOrNull(object: JsonObject, name: string): number | null {
    return object.get(name) === null ? null : member.count(object, name);
  },
  object(object: JsonObject, name: string): JsonObject {
    return asObject(object.get(name));
  },
  objects(object: JsonObject, name: string, most: number): JsonObject[] {
    const value = object.get(name);
    return Array.isArray(value) && value.length <= most ? value.map(asObject) : malformed();
  },
};

/** @internal Errors: `transport`. */
export function malformed(): never {
  throw transportFailure("an answer that is not of this protocol, or was cut");
}

function asObject(value: Json | undefined): JsonObject {
  return value instanceof Map ? value : malformed();
}

async function reasonOf(response: Response): Promise<RelayCode | undefined> {
  if (mediaType(response) !== "application/problem+json") {
    response.body?.cancel().catch(() => undefined);
    return undefined;
  }
  const body = await readBody(response, MAX_PROBLEM).catch(() => undefined);
  try {
    const code = parseJsonObject(body ?? new Uint8Array()).get("code");
    return CODES.find((one) => one === code);
  } catch {
    return undefined;
  }
}
