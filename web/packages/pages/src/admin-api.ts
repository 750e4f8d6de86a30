import type { Account } from "./accounts.js";
import { ask, type Session } from "./session.js";

// what the service does for the members of the group admin; times are Unix seconds

export interface AdminAccount extends Account {
  readonly disabled: boolean;
}

export interface AdminInvite {
  readonly invite_id: string;
  readonly kind: "account" | "key";
  readonly name: string;
  /** Of kind key: what the key will be called. */
  readonly label?: string | null;
  readonly email: string | null;
  readonly groups: readonly string[];
  readonly made: number;
  readonly expires: number;
  readonly claimed_by: string | null;
}

export interface Revocation {
  readonly did: string;
  readonly since: number;
  readonly reason: string | null;
}

export interface InviteRequest {
  readonly name: string;
  readonly email?: string;
  readonly groups?: readonly string[];
  readonly hours?: number;
  /** For a further key of this account. */
  readonly account_id?: string;
}

export interface NewInvite {
  readonly link: string;
  readonly expires: number;
}

export interface Change {
  readonly name?: string;
  readonly email?: string | null;
  readonly groups?: readonly string[];
  readonly disabled?: boolean;
}

async function get<T>(path: string): Promise<T> {
  return (await (await ask("GET", `/v1/admin/${path}`, [200])).json()) as T;
}

async function remove(path: string): Promise<void> {
  // gone already is as good
  await ask("DELETE", `/v1/admin/${path}`, [204, 404]);
}

/** A page of accounts, and where the next one begins. */
export async function accounts(after: string | null): Promise<{ accounts: AdminAccount[]; next: string | null }> {
  return get(after === null ? "accounts" : `accounts?after=${encodeURIComponent(after)}`);
}

export async function changeAccount(id: string, change: Change): Promise<void> {
  await ask("PATCH", `/v1/admin/accounts/${id}`, [200], change);
}

export async function removeAccount(id: string): Promise<void> {
  await remove(`accounts/${id}`);
}

export async function makeInvite(request: InviteRequest): Promise<NewInvite> {
  return (await (await ask("POST", "/v1/admin/invites", [201], request)).json()) as NewInvite;
}

export async function invites(): Promise<AdminInvite[]> {
  return (await get<{ invites: AdminInvite[] }>("invites")).invites;
}

export async function cancelInvite(id: string): Promise<void> {
  await remove(`invites/${id}`);
}

/** The newest sessions, or those of a DID. */
export async function sessionsOf(did?: string): Promise<Session[]> {
  return (await get<{ sessions: Session[] }>(did === undefined ? "sessions" : `sessions?did=${encodeURIComponent(did)}`)).sessions;
}

export async function endSession(id: string): Promise<void> {
  await remove(`sessions/${encodeURIComponent(id)}`);
}

/** A page of revocations, and where the next one begins. */
export async function revocations(after: string | null): Promise<{ revocations: Revocation[]; next?: string | null }> {
  return get(after === null ? "revocations" : `revocations?after=${encodeURIComponent(after)}`);
}

export async function revoke(did: string, reason: string): Promise<void> {
  await ask("POST", "/v1/admin/revocations", [204], { did, ...(reason !== "" && { reason }) });
}

export async function lift(did: string): Promise<void> {
  await remove(`revocations/${encodeURIComponent(did)}`);
}
