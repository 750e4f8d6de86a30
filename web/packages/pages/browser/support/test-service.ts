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
import { loadVectors, loadWebvh } from "../../../didshake/test/support/files.js";
import { newIdentity } from "../../../didshake/test/support/loopback.js";
import { acceptInvite, accountRoutes, inviteRoutes, Links, type Visitor } from "./account-routes.js";
import { Accounts, type Rules } from "./accounts.js";
import { AdminRoutes } from "./admin-routes.js";
import { json, readAsked, Refusal, type Answer, type Asked } from "./http.js";
import { Sessions, type Kept } from "./sessions.js";
import type { Service, ServiceOptions } from "./start.js";

const PAGES = fileURLToPath(new URL("../../../../../crates/didshake-server/assets/pages/", import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8", js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8", svg: "image/svg+xml",
};
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
const NAME = "__Host-didshake";

/** The contract of the pages, over the TypeScript responder: real handshakes, real cookies. */
export async function startTestService({ port = 0, rules = "anyone" }: ServiceOptions): Promise<Service> {
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const listening = (server.address() as AddressInfo).port;
  const origin = `http://127.0.0.1:${listening}`;
  const identity = newIdentity(1);
  const handlers = new Handlers(origin, identity, rules);
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, headers, body } = await handlers.handle(await readAsked(request));
    response.writeHead(status, { "Cache-Control": "no-store", ...headers }).end(body);
  }
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { origin, did: identity.did, port: listening, owner: handlers.owner, stop };
}

class Handlers {
  /** The secret of the first invite. */
  readonly owner: string;
  readonly #sessions: Sessions;
  readonly #accounts: Accounts;
  readonly #links: Links;
  readonly #admin: AdminRoutes;
  readonly #responder: HttpResponder;
  readonly #files = new Map(readdirSync(PAGES).map((name) => [name, readFileSync(PAGES + name)]));
  readonly #vectors = gzipSync(JSON.stringify({ ...loadVectors(), webvh: loadWebvh().vectors }), { level: 1 });

  constructor(readonly origin: string, readonly identity: ReturnType<typeof newIdentity>, rules: Rules) {
    this.#sessions = new Sessions(origin);
    this.#accounts = new Accounts(rules, (did) => this.#sessions.endOf(did));
    this.#links = new Links(this.#accounts, this.#sessions);
    this.#admin = new AdminRoutes(origin, this.#accounts, this.#sessions, identity.did);
    this.owner = this.#accounts.invite({ kind: "account", name: "owner", email: null, groups: ["admin"], label: null }, 86_400).secret;
    this.#responder = new HttpResponder({
      responder: new Responder({
        binding: HTTP, prologue: utf8(origin), endpoint: "/didshake", identities: [identity], admit: { any: true },
        applicationProtocols: ["didshake.login/1"], lifetime: 43_200, clock: systemClock, random: systemRandom,
        burn: new MemoryBurnStore(systemClock), policy: ({ did }) => this.#accounts.admits(did),
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
    }
    try {
      return path.startsWith("/v1/") ? await this.#route(asked) : { status: 404 };
    } catch (fault) {
      if (!(fault instanceof Refusal)) throw fault;
      return { status: fault.status, ...(fault.status === 401 && { headers: { "WWW-Authenticate": "DIDShake" } }) };
    }
  }

  #page(path: string): Answer | undefined {
    const name = /^\/(login|account|admin|vectors)$/.test(path) ? `${path.slice(1)}.html` : path.replace(/^\/assets\//, "");
    const body = name.includes("/") ? undefined : this.#files.get(name);
    const type = TYPES[name.split(".").at(-1) ?? ""] ?? "";
    return body && { status: 200, headers: { "Content-Type": type, "Content-Security-Policy": CSP, "X-Content-Type-Options": "nosniff" }, body };
  }

  async #handshake({ method, headers, body }: Asked): Promise<Answer> {
    const state = headers["didshake-state"];
    const contentTypes = headers["content-type"] === undefined ? [] : [headers["content-type"]];
    return this.#responder.handle({ method, contentTypes, states: state === undefined ? [] : [state].flat(), body });
  }

  async #route(asked: Asked): Promise<Answer> {
    const { path } = asked;
    if (path === "/v1/invites/accept") return acceptInvite(this.#accounts, asked, await this.#visitor(asked));
    if (path.startsWith("/v1/invites/")) return inviteRoutes(this.#accounts, asked);
    if (path === "/v1/link/look") return this.#links.look(asked);
    if (path === "/v1/link/enter") return cookieOf(this.#links.enter(asked));
    const visitor = await this.#visitor(asked);
    if (path === "/v1/session/link") return this.#links.make(visitor);
    if (path === "/v1/session/cookie") return this.#cookie(asked, visitor);
    if (path.startsWith("/v1/account")) return accountRoutes(this.#accounts, asked, visitor);
    if (path.startsWith("/v1/admin/")) return this.#admin.answer(asked, visitor);
    if (path.startsWith("/v1/session")) return this.#own(asked.method, path, visitor.session);
    throw new Refusal(404);
  }

  /** Only a signed request of this origin's own pages gets a cookie. */
  #cookie({ method, headers }: Asked, { session, signed }: Visitor): Answer {
    if (method !== "POST" || headers["sec-fetch-site"] !== "same-origin") throw new Refusal(403);
    if (!signed) throw new Refusal(401);
    return cookieOf(session);
  }

  /** Errors: 401; 403 for a change that another page asks for. */
  async #visitor(asked: Asked): Promise<Visitor> {
    const { method, headers } = asked;
    const signed = headers.signature === undefined ? undefined : await this.#signer(asked);
    const cookie = new RegExp(`${NAME}=([\\w-]+)`).exec(headers.cookie ?? "")?.[1];
    const session = signed ?? this.#sessions.ofCookie(cookie ?? "");
    if (session === undefined) throw new Refusal(401);
    if (signed === undefined && method !== "GET" && headers["sec-fetch-site"] !== "same-origin") throw new Refusal(403);
    session.used = true;
    session.lastUsed = systemClock();
    return { session, signed: signed !== undefined };
  }

  /** The session of a signed request. Errors: 401. */
  async #signer({ method, path, query, headers, body }: Asked): Promise<Kept> {
    const values = (name: string): string[] => [headers[name] ?? []].flat();
    try {
      const { session } = await verifyRequest({ origin: this.origin, now: systemClock(), store: this.#sessions }, {
        method, path, query, body, contentDigest: values("content-digest"), signatureInput: values("signature-input"), signature: values("signature"),
      });
      return session;
    } catch {
      throw new Refusal(401);
    }
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

function cookieOf({ cookie }: Kept): Answer {
  return { status: 204, headers: { "Set-Cookie": `${NAME}=${cookie}; Path=/; Secure; HttpOnly; SameSite=Strict` } };
}
