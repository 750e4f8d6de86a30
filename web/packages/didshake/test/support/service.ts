import { toHex, utf8 } from "../../src/bytes.js";
import { MemoryBurnStore } from "../../src/burn.js";
import { HTTP, systemRandom } from "../../src/config.js";
import type { DidshakeError } from "../../src/errors.js";
import type { Established } from "../../src/established.js";
import type { Fetch } from "../../src/fetching.js";
import { HttpResponder } from "../../src/http-responder.js";
import { RequestKey, verifyRequest, type RequestStore, type ServiceSession } from "../../src/requests.js";
import { Responder, type ResponderConfig } from "../../src/responder.js";
import { StateSealer } from "../../src/waiting.js";
import { newIdentity, NOW } from "./loopback.js";

export const ORIGIN = "https://login.example:8443";

interface Kept extends ServiceSession { did: string; used: boolean }

/** A small service in memory: a handshake endpoint, and paths that need a session and answer the client's DID. */
export interface TestService {
  readonly did: string;
  readonly fetch: Fetch;
  readonly responder: HttpResponder;
  readonly seen: { method: string; url: string }[];
  readonly log: string[];
}

export function testService(more: Partial<ResponderConfig> = {}, denyDelay = 0): TestService {
  const clock = more.clock ?? ((): number => NOW);
  const identity = newIdentity(1);
  const [seen, log]: [TestService["seen"], string[]] = [[], []];
  const sessions = new Map<string, Kept>();
  const config: ResponderConfig = {
    binding: HTTP, prologue: utf8(ORIGIN), endpoint: "/didshake", identities: [identity], admit: { any: true },
    applicationProtocols: ["didshake.login/1"], lifetime: 3600, clock, random: systemRandom, burn: new MemoryBurnStore(clock), ...more,
  };
  const responder = new HttpResponder({
    responder: new Responder(config), sealer: new StateSealer(systemRandom), denyDelay,
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    onFailure: ({ code }) => log.push(code),
    onEstablished: (established) => keep(sessions, established, new TextDecoder().decode(config.prologue)),
  });
  const store = storeOf(sessions);
  const fetch: Fetch = async (url, init) => {
    const { pathname, search } = new URL(url);
    const method = init.method ?? "GET";
    const headers = new Headers(init.headers);
    const body = init.body === undefined || init.body === null ? new Uint8Array() : (init.body as Uint8Array);
    seen.push({ method, url });
    const all = (name: string): string[] => headers.get(name)?.split(", ") ?? [];
    if (pathname === "/didshake") {
      const answer = await responder.handle({ method, contentTypes: all("content-type"), states: all("didshake-state"), body });
      return new Response(Uint8Array.from(answer.body), { status: answer.status, headers: { ...answer.headers } });
    }
    const one = (name: string): string[] => (headers.has(name) ? [headers.get(name) as string] : []);
    try {
      const { session } = await verifyRequest({ origin: new TextDecoder().decode(config.prologue), now: clock(), store }, {
        method, path: pathname, query: search.slice(1), body, contentDigest: one("content-digest"),
        signatureInput: one("signature-input"), signature: one("signature"),
      });
      session.used = true;
      return new Response(session.did);
    } catch (fault) {
      log.push((fault as DidshakeError).code);
      return new Response(null, { status: 401, headers: { "WWW-Authenticate": "DIDShake" } });
    }
  };
  return { did: identity.did, fetch, responder, seen, log };
}

function keep(sessions: Map<string, Kept>, established: Established, origin: string): void {
  const { sessionId, exporter, acceptedAt, lifetime, peer } = established;
  sessions.set(toHex(sessionId), { origin, key: new RequestKey(exporter), acceptedAt, lifetime, used: false, did: peer.did });
}

function storeOf(sessions: Map<string, Kept>): RequestStore<Kept> {
  const burned = new Set<string>();
  return {
    find: (id) => sessions.get(toHex(id)),
    burnNonce(id, nonce) {
      const name = toHex(id) + toHex(nonce);
      if (burned.has(name)) return false;
      burned.add(name);
      return true;
    },
  };
}
