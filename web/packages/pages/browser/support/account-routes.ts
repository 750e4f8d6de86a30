import { randomBytes } from "node:crypto";
import { systemClock } from "../../../didshake/src/config.js";
import { methodUrl } from "../../../didshake/src/did.js";
import type { Accounts, Account, Invite } from "./accounts.js";
import { json, members, Refusal, type Answer, type Asked } from "./http.js";
import type { Kept, Sessions } from "./sessions.js";

/** Whose session a request belongs to, and whether it was signed or came with a cookie. */
export interface Visitor { readonly session: Kept; readonly signed: boolean }

const LABEL = 64;

/** What whoever is logged in may do with the own account. */
export function accountRoutes(accounts: Accounts, asked: Asked, { session, signed }: Visitor): Answer {
  const { did } = session.established.peer;
  if (asked.method === "GET" && asked.path === "/v1/account") return json(shown(accounts.of(did), did));
  if (!signed) throw new Refusal(401);
  if (asked.method === "POST" && asked.path === "/v1/account/invites") return keyInvite(accounts, asked, did);
  const removed = /^\/v1\/account\/keys\/([^/]+)$/.exec(asked.path)?.[1];
  const account = accounts.of(did);
  if (asked.method !== "DELETE" || removed === undefined || account === undefined) throw new Refusal(404);
  accounts.removeKey(account, decodeURIComponent(removed));
  return { status: 204 };
}

function shown(account: Account | undefined, did: string): object {
  if (account === undefined) return { did, account: null };
  const { disabled: _, ...rest } = account;
  return { did, account: { ...rest, keys: account.keys.map((key) => ({ ...key, current: key.did === did })) } };
}

function keyInvite(accounts: Accounts, asked: Asked, did: string): Answer {
  const { label } = members<{ label: string }>(asked, { label: ["text"] });
  if (label.length < 1 || label.length > LABEL) throw new Refusal(400);
  const account = accounts.of(did) ?? accounts.make({ did, label: "", added: systemClock() }, { name: "", email: null, groups: [] });
  const live = accounts.invites.filter((invite) => invite.account === account).length;
  if (live >= 5 || account.keys.length >= 20) throw new Refusal(409);
  const { name, email, groups } = account;
  const { invite_id, secret, expires } = accounts.invite({ kind: "key", name, email, groups, label, account }, 600);
  return json({ invite_id, secret, expires }, 201);
}

/** Only whoever proves the DID that an invite was claimed for uses it up. */
export function acceptInvite(accounts: Accounts, asked: Asked, { session, signed }: Visitor): Answer {
  if (!signed) throw new Refusal(401);
  const { did } = session.established.peer;
  accounts.accept(members<{ secret: string }>(asked, { secret: ["text"] }).secret, did);
  return json(shown(accounts.of(did), did));
}

/** What anybody may do who has the secret of an invite. */
export function inviteRoutes(accounts: Accounts, asked: Asked): Answer {
  if (asked.method !== "POST") throw new Refusal(405);
  if (asked.path === "/v1/invites/look") return json(lookOf(accounts.lookAt(members<{ secret: string }>(asked, { secret: ["text"] }).secret)));
  if (asked.path !== "/v1/invites/claim") throw new Refusal(404);
  const { secret, did } = members<{ secret: string; did: string }>(asked, { secret: ["text"], did: ["text"] });
  return json(lookOf(accounts.claim(secret, did)));
}

function lookOf({ kind, name, groups, label, account, expires }: Invite): object {
  return { kind, name, groups, label, subject: account?.subject ?? null, expires };
}

/** The links with which a login of a program goes on in a browser. */
export class Links {
  readonly #links = new Map<string, { session: Kept; expires: number }>();

  constructor(readonly accounts: Accounts, readonly sessions: Sessions) {}

  /** One for each session. Errors: 401 without a signature. */
  make({ session, signed }: Visitor): Answer {
    if (!signed) throw new Refusal(401);
    for (const [secret, link] of this.#links) if (link.session === session) this.#links.delete(secret);
    const secret = randomBytes(32).toString("base64url");
    const expires = systemClock() + 30;
    this.#links.set(secret, { session, expires });
    return json({ secret, expires }, 201);
  }

  look(asked: Asked): Answer {
    const { session } = this.#live(asked).link;
    const { peer: { did, fragment }, acceptedAt, lifetime } = session.established;
    const name = this.accounts.of(did)?.name ?? null;
    const verification_method = fragment === "" ? did : methodUrl(did, fragment);
    return json({ did, verification_method, name, client: "127.0.0.1", created: acceptedAt, expires: acceptedAt + lifetime });
  }

  /** The session that comes in; the link is used up. */
  enter(asked: Asked): Kept {
    const { secret, link } = this.#live(asked);
    this.#links.delete(secret);
    return link.session;
  }

  #live(asked: Asked) {
    if (asked.method !== "POST" || asked.headers["sec-fetch-site"] !== "same-origin") throw new Refusal(403);
    const { secret } = members<{ secret: string }>(asked, { secret: ["text"] });
    const link = this.#links.get(secret);
    if (link === undefined || link.expires <= systemClock()) throw new Refusal(404);
    return { secret, link };
  }
}
