import { readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { utf8 } from "../../../didshake/src/bytes.js";
import { MemoryBurnStore } from "../../../didshake/src/burn.js";
import { HTTP, systemClock, systemRandom } from "../../../didshake/src/config.js";
import { HttpResponder } from "../../../didshake/src/http-responder.js";
import { verifyRequest } from "../../../didshake/src/requests.js";
import { Responder } from "../../../didshake/src/responder.js";
import { StateSealer } from "../../../didshake/src/waiting.js";
import { loadVectors } from "../../../didshake/test/support/files.js";
import { newIdentity } from "../../../didshake/test/support/loopback.js";
import { Sessions, type Kept } from "./sessions.js";
import type { Service, ServiceOptions } from "./start.js";

const PAGES = fileURLToPath(new URL("../../../../../crates/didshake-server/assets/pages/", import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8", js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8", svg: "image/svg+xml",
};
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
const NAME = "__Host-didshake";

interface Answer { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string | Uint8Array }
interface Asked { readonly method: string; readonly path: string; readonly query: string; readonly headers: IncomingMessage["headers"]; readonly body: Uint8Array }

/** The contract of the pages, over the TypeScript responder: real handshakes, real cookies. */
export async function startTestService({ port = 0, refuses = false }: ServiceOptions): Promise<Service> {
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const listening = (server.address() as AddressInfo).port;
  const origin = `http://127.0.0.1:${listening}`;
  const identity = newIdentity(1);
  const handlers = new Handlers(origin, identity, refuses);
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, headers, body } = await handlers.handle(await readAsked(request));
    response.writeHead(status, { "Cache-Control": "no-store", ...headers }).end(body);
  }
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { origin, did: identity.did, port: listening, stop };
}

async function readAsked(request: IncomingMessage): Promise<Asked> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const [path = "/", query = ""] = (request.url ?? "/").split("?", 2);
  return { method: request.method ?? "GET", path, query, headers: request.headers, body: new Uint8Array(Buffer.concat(parts)) };
}

class Handlers {
  readonly #sessions: Sessions;
  readonly #responder: HttpResponder;
  readonly #files = new Map(readdirSync(PAGES).map((name) => [name, readFileSync(PAGES + name)]));
  readonly #vectors = gzipSync(JSON.stringify(loadVectors()), { level: 1 });

  constructor(readonly origin: string, readonly identity: ReturnType<typeof newIdentity>, refuses: boolean) {
    this.#sessions = new Sessions(origin);
    this.#responder = new HttpResponder({
      responder: new Responder({
        binding: HTTP, prologue: utf8(origin), endpoint: "/didshake", identities: [identity], admit: { any: true },
        applicationProtocols: ["didshake.login/1"], lifetime: 43_200, clock: systemClock, random: systemRandom,
        burn: new MemoryBurnStore(systemClock), policy: () => !refuses,
      }),
      sealer: new StateSealer(systemRandom), sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
      onEstablished: (established) => this.#sessions.keep(established),
    });
  }

  async handle(asked: Asked): Promise<Answer> {
    const { method, path } = asked;
    const page = method === "GET" ? this.#page(path) : undefined;
    if (page !== undefined) return page;
    switch (path) {
      case "/.well-known/didshake": return json({ did: this.identity.did, endpoint: `${this.origin}/didshake`, versions: [1], suites: [1, 2] });
      case "/vectors.json": return { status: 200, headers: { "Content-Type": "application/json", "Content-Encoding": "gzip" }, body: this.#vectors };
      case "/didshake": return this.#handshake(asked);
      case "/v1/session/cookie": return this.#cookie(asked);
      default: return this.#account(asked);
    }
  }

  #page(path: string): Answer | undefined {
    const name = /^\/(login|account|vectors)$/.test(path) ? `${path.slice(1)}.html` : path.replace(/^\/assets\//, "");
    const body = name.includes("/") ? undefined : this.#files.get(name);
    const type = TYPES[name.split(".").at(-1) ?? ""] ?? "";
    return body && { status: 200, headers: { "Content-Type": type, "Content-Security-Policy": CSP, "X-Content-Type-Options": "nosniff" }, body };
  }

  async #handshake({ method, headers, body }: Asked): Promise<Answer> {
    const state = headers["didshake-state"];
    const contentTypes = headers["content-type"] === undefined ? [] : [headers["content-type"]];
    return this.#responder.handle({ method, contentTypes, states: state === undefined ? [] : [state].flat(), body });
  }

  /** Only a signed request of this origin's own pages gets a cookie. */
  async #cookie({ method, path, query, headers, body }: Asked): Promise<Answer> {
    const values = (name: string): string[] => [headers[name] ?? []].flat();
    if (method !== "POST" || headers["sec-fetch-site"] !== "same-origin") return { status: 403 };
    try {
      const { session } = await verifyRequest({ origin: this.origin, now: systemClock(), store: this.#sessions }, {
        method, path, query, body, contentDigest: values("content-digest"), signatureInput: values("signature-input"), signature: values("signature"),
      });
      session.used = true;
      return { status: 204, headers: { "Set-Cookie": `${NAME}=${session.cookie}; Path=/; Secure; HttpOnly; SameSite=Strict` } };
    } catch {
      return { status: 401, headers: { "WWW-Authenticate": "DIDShake" } };
    }
  }

  #account({ method, path, headers }: Asked): Answer {
    const cookie = new RegExp(`${NAME}=([\\w-]+)`).exec(headers.cookie ?? "")?.[1];
    const mine = this.#sessions.ofCookie(cookie ?? "");
    if (!path.startsWith("/v1/session")) return { status: 404 };
    if (mine === undefined) return { status: 401, headers: { "WWW-Authenticate": "DIDShake" } };
    if (method === "DELETE" && headers["sec-fetch-site"] !== "same-origin") return { status: 403 };
    mine.lastUsed = systemClock();
    return this.#own(method, path, mine);
  }

  #own(method: string, path: string, mine: Kept): Answer {
    const { did } = mine.established.peer;
    const show = (one: Kept): object => this.#sessions.json(one, this.identity.did, mine.id);
    const gone = { status: 204, headers: { "Set-Cookie": `${NAME}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0` } };
    switch (`${method} ${path}`) {
      case "GET /v1/session": return json(show(mine));
      case "GET /v1/sessions": return json({ sessions: this.#sessions.of(did).map(show) });
      case "DELETE /v1/session": return this.#sessions.end(mine.id, did) ? gone : { status: 404 };
      case "DELETE /v1/sessions":
        for (const { id } of this.#sessions.of(did)) this.#sessions.end(id, did);
        return gone;
      default: return { status: method === "DELETE" && this.#sessions.end(path.slice("/v1/sessions/".length), did) ? 204 : 404 };
    }
  }
}

function json(value: object): Answer {
  return { status: 200, headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) };
}
