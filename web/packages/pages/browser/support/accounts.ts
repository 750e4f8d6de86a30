import { randomBytes } from "node:crypto";
import { systemClock } from "../../../didshake/src/config.js";
import { Refusal } from "./http.js";

export interface Key { readonly did: string; readonly label: string; readonly added: number }
export interface Account {
  readonly account_id: string; readonly subject: string; readonly created: number; readonly keys: Key[];
  name: string; email: string | null; groups: string[]; disabled: boolean;
}
export interface Invite {
  readonly invite_id: string; readonly secret: string; readonly kind: "account" | "key"; readonly made: number; readonly expires: number;
  readonly name: string; readonly email: string | null; readonly groups: string[];
  /** Of kind key: whose, and the label of the key. */
  readonly account?: Account; readonly label: string | null;
  claim?: { readonly did: string; readonly until: number };
  used: boolean;
}
export type Changes = Partial<Pick<Account, "name" | "email" | "groups" | "disabled">>;
/** Whom the rules of the policy let in. */
export type Rules = "anyone" | "accounts" | "nobody";

const id = (): string => randomBytes(16).toString("hex");

/** The accounts of a test service, in memory, after the contract with the pages. */
export class Accounts {
  readonly #all = new Map<string, Account>();
  readonly #invites = new Map<string, Invite>();
  readonly revoked = new Map<string, { did: string; since: number; reason: string }>();

  /** @param onEnd ends the sessions of a DID */
  constructor(readonly rules: Rules, readonly onEnd: (did: string) => void) {}

  get all(): Account[] {
    return [...this.#all.values()];
  }

  get invites(): Invite[] {
    return [...this.#invites.values()].filter(isLive);
  }

  of(did: string): Account | undefined {
    return this.all.find(({ keys }) => keys.some((key) => key.did === did));
  }

  /** The word of the policy over a verified DID. */
  admits(did: string): boolean {
    const account = this.of(did);
    if (this.revoked.has(did) || account?.disabled === true) return false;
    // a claim counts as the account that it leads to
    return this.rules === "anyone" || (this.rules === "accounts" && (account !== undefined || this.#claimOf(did) !== undefined));
  }

  /** A DID that has proved itself uses what was claimed for it. Errors: 404, 410, 409 claimed for another one. */
  accept(secret: string, did: string): void {
    const invite = this.lookAt(secret);
    if (invite.claim === undefined || invite.claim.until <= systemClock()) throw new Refusal(410);
    if (invite.claim.did !== did || this.of(did) !== undefined) throw new Refusal(409);
    invite.used = true;
    const key = { did, label: invite.label ?? "", added: systemClock() };
    if (invite.account !== undefined) invite.account.keys.push(key);
    else this.make(key, invite);
  }

  make(key: Key, { name, email, groups }: Pick<Account, "name" | "email" | "groups">): Account {
    const account = { account_id: id(), subject: key.did, created: key.added, keys: [key], name, email, groups: [...groups], disabled: false };
    this.#all.set(account.account_id, account);
    return account;
  }

  invite(of: Pick<Invite, "kind" | "name" | "email" | "groups" | "label"> & { account?: Account }, seconds: number): Invite {
    const made = systemClock();
    const invite = { ...of, invite_id: id(), secret: randomBytes(32).toString("base64url"), made, expires: made + seconds, used: false };
    this.#invites.set(invite.secret, invite);
    return invite;
  }

  /** Errors: 404, 410. */
  lookAt(secret: string): Invite {
    const invite = this.#invites.get(secret);
    if (invite === undefined) throw new Refusal(404);
    if (!isLive(invite)) throw new Refusal(410);
    return invite;
  }

  /** Errors: 404, 410, 409. */
  claim(secret: string, did: string): Invite {
    const invite = this.lookAt(secret);
    if (this.of(did) !== undefined || this.revoked.has(did)) throw new Refusal(409);
    invite.claim = { did, until: systemClock() + 600 };
    return invite;
  }

  cancel(inviteId: string): boolean {
    const invite = this.invites.find(({ invite_id }) => invite_id === inviteId);
    return invite !== undefined && this.#invites.delete(invite.secret);
  }

  /** Errors: 404, 409 the last one. */
  removeKey(account: Account, did: string): void {
    const at = account.keys.findIndex((key) => key.did === did);
    if (at < 0) throw new Refusal(404);
    if (account.keys.length === 1) throw new Refusal(409);
    account.keys.splice(at, 1);
    this.revoke(did, "removed from its account");
  }

  revoke(did: string, reason: string): void {
    this.revoked.set(did, { did, since: systemClock(), reason });
    this.onEnd(did);
  }

  /** Errors: 404, 409 no admin would be left. */
  change(accountId: string, changes: Changes): Account {
    const account = this.#all.get(accountId);
    if (account === undefined) throw new Refusal(404);
    const changed = { ...account, ...changes };
    if (isAdmin(account) && !isAdmin(changed)) this.#keepAnAdmin(account);
    Object.assign(account, changes);
    if (account.disabled) account.keys.forEach(({ did }) => this.onEnd(did));
    return account;
  }

  /** Errors: as of {@link change}. */
  remove(accountId: string): void {
    const account = this.change(accountId, {});
    if (isAdmin(account)) this.#keepAnAdmin(account);
    this.#all.delete(accountId);
    account.keys.forEach(({ did }) => this.revoke(did, "account removed"));
  }

  #keepAnAdmin(without: Account): void {
    if (!this.all.some((one) => one !== without && isAdmin(one))) throw new Refusal(409);
  }

  #claimOf(did: string): Invite | undefined {
    return this.invites.find(({ claim }) => claim?.did === did && claim.until > systemClock());
  }
}

export function isAdmin({ groups, disabled }: Account): boolean {
  return groups.includes("admin") && !disabled;
}

function isLive({ used, expires }: Invite): boolean {
  return !used && expires > systemClock();
}
