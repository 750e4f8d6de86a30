import type { Browser } from "playwright-core";
import type { Service } from "./start.js";
import { fillName, heading, logIn, press, visit, type Visit } from "./visit.js";

/** Takes an invite with a new key of this name, as far as the view that says so. */
export async function takeInvite(on: Visit, link: string, key: string): Promise<void> {
  await on.page.goto(link);
  await fillName(on, key);
  await logIn(on, key);
}

/** A browser of the owner, who has taken the first invite and may make others. */
export async function ownerOf(browser: Browser, service: Service): Promise<Visit> {
  const on = await visit(browser, service);
  await takeInvite(on, `${on.origin}/login#invite=${service.owner}`, "owner's key");
  return on;
}

/** Asks the service with the cookie of a browser, as the pages do. */
export async function ask({ page }: Visit, method: string, path: string, value?: object): Promise<{ status: number; body: Record<string, unknown> }> {
  return page.evaluate(async ([how, where, what]) => {
    const response = await fetch(where, { method: how, headers: { "Content-Type": "application/json" }, ...(what !== "" && { body: what }) });
    const text = await response.text();
    return { status: response.status, body: text === "" ? {} : JSON.parse(text) as Record<string, unknown> };
  }, [method, path, value === undefined ? "" : JSON.stringify(value)] as const);
}

/** The link of a new invite. */
export async function inviteOf(owner: Visit, value: object): Promise<{ link: string; id: string }> {
  const { status, body } = await ask(owner, "POST", "/v1/admin/invites", value);
  if (status !== 201) throw new Error(`an invite, status ${status}`);
  return { link: String(body["link"]), id: String(body["invite_id"]) };
}

/** The link of a new invite that a page shows. */
export async function shownLink({ page }: Visit): Promise<string> {
  return (await page.locator(".copyable code").first().textContent()) ?? "";
}

/** The accounts' names and their keys. */
export async function accountsOf(owner: Visit): Promise<Map<string, { id: string; keys: { did: string; label: string }[] }>> {
  const { accounts } = (await ask(owner, "GET", "/v1/admin/accounts")).body as { accounts: { account_id: string; name: string; keys: { did: string; label: string }[] }[] };
  return new Map(accounts.map(({ account_id, name, keys }) => [name, { id: account_id, keys }]));
}

/** The account page, as far as it shows the account. */
export async function seeAccount(on: Visit): Promise<void> {
  await heading(on, "Your account");
  await on.page.getByRole("heading", { name: "Your sessions" }).waitFor();
}

export async function logOut(on: Visit): Promise<void> {
  await on.page.goto(`${on.origin}/account`);
  await press(on, "Log out");
  await heading(on, "You are not logged in");
}
