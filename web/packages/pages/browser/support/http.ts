import type { IncomingMessage } from "node:http";

export interface Answer { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string | Uint8Array }
export interface Asked { readonly method: string; readonly path: string; readonly query: string; readonly headers: IncomingMessage["headers"]; readonly body: Uint8Array }

/** A status with which a request ends. */
export class Refusal extends Error {
  constructor(readonly status: number) {
    super(`status ${status}`);
  }
}

export async function readAsked(request: IncomingMessage): Promise<Asked> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const [path = "/", query = ""] = (request.url ?? "/").split("?", 2);
  return { method: request.method ?? "GET", path, query, headers: request.headers, body: new Uint8Array(Buffer.concat(parts)) };
}

export function json(value: object, status = 200): Answer {
  return { status, headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) };
}

type Kind = "text" | "texts" | "number" | "boolean" | "nothing";

/** The members of a JSON body: each of a named one, no other. Errors: 400, 413. */
export function members<T extends object>({ body }: Asked, kinds: Record<keyof T & string, readonly Kind[]>): T {
  if (body.length > 4096) throw new Refusal(413);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(body));
  } catch {
    throw new Refusal(400);
  }
  if (typeof value !== "object" || value === null || Object.keys(value).some((name) => !Object.hasOwn(kinds, name))) throw new Refusal(400);
  for (const [name, allowed] of Object.entries<readonly Kind[]>(kinds)) {
    if (!allowed.includes(kindOf((value as Record<string, unknown>)[name]))) throw new Refusal(400);
  }
  return value as T;
}

function kindOf(value: unknown): Kind {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "string") return "text";
  if (typeof value === "number") return "number";
  if (typeof value === "boolean") return "boolean";
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return "texts";
  throw new Refusal(400);
}
