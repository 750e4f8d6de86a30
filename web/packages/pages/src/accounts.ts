import { ask } from "./session.js";

/** A key of an account. Times are Unix seconds. */
export interface AccountKey {
  readonly did: string;
  readonly label: string;
  readonly added: number;
  readonly current?: boolean;
}

/** One person, as the service knows them. */
export interface Account {
  readonly account_id: string;
  readonly subject: string;
  readonly name: string;
  readonly email: string | null;
  readonly groups: readonly string[];
  readonly created: number;
  readonly keys: readonly AccountKey[];
}

/** The account of whoever is logged in, or null where the DID has none. */
export async function myAccount(): Promise<Account | null> {
  return accountIn(await ask("GET", "/v1/account", [200]));
}

export async function accountIn(response: Response): Promise<Account | null> {
  return ((await response.json()) as { account: Account | null }).account;
}
