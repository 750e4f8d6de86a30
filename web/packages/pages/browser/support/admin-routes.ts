import { isAdmin, type Account, type Accounts, type Changes, type Invite } from "./accounts.js";
import { json, members, Refusal, type Answer, type Asked } from "./http.js";
import type { Visitor } from "./account-routes.js";
import type { Sessions } from "./sessions.js";

const PAGE = 100;

/** What the members of the group admin may do. */
export class AdminRoutes {
  constructor(readonly origin: string, readonly accounts: Accounts, readonly sessions: Sessions, readonly service: string) {}

  answer(asked: Asked, { session }: Visitor): Answer {
    const own = this.accounts.of(session.established.peer.did);
    if (own === undefined || !isAdmin(own)) throw new Refusal(403);
    const [, kind = "", name = ""] = /^\/v1\/admin\/(\w+)(?:\/([^/]+))?$/.exec(asked.path) ?? [];
    const query = new URLSearchParams(asked.query);
    switch (`${asked.method} ${kind}${name === "" ? "" : "/one"}`) {
      case "GET accounts": return this.#accounts(query.get("after"));
      case "PATCH accounts/one": return json(this.accounts.change(name, changes(asked)));
      case "DELETE accounts/one": return done(this.accounts.remove(name));
      case "POST invites": return this.#invite(asked);
      case "GET invites": return json({ invites: this.accounts.invites.map(shown) });
      case "DELETE invites/one": return found(this.accounts.cancel(name));
      case "GET sessions": return this.#sessions(query.get("did"), session.id);
      case "DELETE sessions/one": return found(this.sessions.endAny(name));
      case "GET revocations": return json({ revocations: [...this.accounts.revoked.values()] });
      case "POST revocations": return this.#revoke(asked);
      case "DELETE revocations/one": return found(this.accounts.revoked.delete(decodeURIComponent(name)));
      default: throw new Refusal(404);
    }
  }

  #accounts(after: string | null): Answer {
    const all = this.accounts.all.sort((a, b) => a.account_id.localeCompare(b.account_id)).filter((one) => after === null || one.account_id > after);
    const page = all.slice(0, PAGE);
    return json({ accounts: page, next: all.length > PAGE ? page.at(-1)?.account_id : null });
  }

  #invite(asked: Asked): Answer {
    type Body = { name?: string; email?: string; groups?: string[]; hours?: number; account_id?: string };
    const { name, email, groups = [], hours = 24, account_id } = members<Body>(asked, {
      name: ["text", "nothing"], email: ["text", "nothing"], groups: ["texts", "nothing"], hours: ["number", "nothing"], account_id: ["text", "nothing"],
    });
    if (hours < 1 || hours > 720 || groups.some((group) => !isGroup(group))) throw new Refusal(400);
    const account = account_id === undefined ? undefined : this.#known(account_id);
    if (account === undefined && (name === undefined || name === "")) throw new Refusal(400);
    const of = account === undefined ? { kind: "account" as const, name: name ?? "", email: email ?? null, groups, label: null }
      : { kind: "key" as const, name: account.name, email: account.email, groups: account.groups, label: name ?? "", account };
    const { invite_id, secret, expires } = this.accounts.invite(of, hours * 3600);
    return json({ invite_id, secret, link: `${this.origin}/login#invite=${secret}`, expires }, 201);
  }

  #known(accountId: string): Account {
    const account = this.accounts.all.find(({ account_id }) => account_id === accountId);
    if (account === undefined) throw new Refusal(404);
    return account;
  }

  #sessions(did: string | null, current: string): Answer {
    const all = did === null ? this.sessions.newest(PAGE) : this.sessions.of(did);
    return json({ sessions: all.map((one) => this.sessions.json(one, this.service, current)) });
  }

  #revoke(asked: Asked): Answer {
    const { did, reason = "" } = members<{ did: string; reason?: string }>(asked, { did: ["text"], reason: ["text", "nothing"] });
    if (!/^did:[a-z0-9]+:\S+$/.test(did)) throw new Refusal(400);
    return done(this.accounts.revoke(did, reason));
  }
}

function changes(asked: Asked): Changes {
  const change = members<Changes>(asked, {
    name: ["text", "nothing"], email: ["text", "nothing"], groups: ["texts", "nothing"], disabled: ["boolean", "nothing"],
  });
  if (change.groups?.some((group) => !isGroup(group)) === true) throw new Refusal(400);
  return change;
}

function isGroup(text: string): boolean {
  return /^[A-Za-z0-9._-]{1,64}$/.test(text);
}

function shown({ secret: _, claim, account: __, used: ___, ...invite }: Invite): object {
  return { ...invite, claimed_by: claim?.did ?? null };
}

function done(_: void): Answer {
  return { status: 204 };
}

function found(there: boolean): Answer {
  return { status: there ? 204 : 404 };
}
