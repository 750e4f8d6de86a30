import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accountsOf, ask, inviteOf, ownerOf, seeAccount, shownLink, takeInvite } from "./support/people.js";
import { startService, type Service } from "./support/start.js";
import { fillName, heading, launch, leave, logIn, look, press, visit, type Visit } from "./support/visit.js";

let browser: Browser;
let service: Service;
let owner: Visit;

beforeAll(async () => {
  [browser, service] = await Promise.all([launch(), startService({ rules: "accounts" })]);
  owner = await ownerOf(browser, service);
});

afterAll(async () => {
  await leave(owner);
  await browser.close();
  await service.stop();
});

/** Someone of this name in a browser of their own. */
async function someone(name: string, more: object = {}): Promise<Visit> {
  const on = await visit(browser, service);
  await takeInvite(on, (await inviteOf(owner, { name, ...more })).link, "laptop");
  return on;
}

async function admin(section: string): Promise<void> {
  await owner.page.goto(`${owner.origin}/admin`);
  await heading(owner, "Invites");
  if (section !== "Invites") await press(owner, section);
}

async function openAccount(name: string): Promise<void> {
  await admin("Accounts");
  await press(owner, `Change the account of ${name}`);
  await heading(owner, name);
}

test("the page is for the group admin", async () => {
  const on = await visit(browser, service);
  await on.page.goto(`${on.origin}/admin`);
  await heading(on, "You are not logged in");
  await look(on, "admin-logged-out");
  await leave(on);
  const bob = await someone("Bob");
  await bob.page.goto(`${bob.origin}/admin`);
  await heading(bob, "This page is for members of the group admin");
  await look(bob, "admin-refused");
  await leave(bob);
});

test("an invite is made, shown once, listed, taken or cancelled", async () => {
  await admin("Invites");
  const { page } = owner;
  await press(owner, "Make an invite");
  await page.getByText("A name has 1 to 64 characters.").waitFor();
  await page.getByLabel("Name").fill("Grace Hopper");
  await page.getByLabel("E-mail").fill("grace@example.com");
  await page.getByLabel("Groups").fill("bad/group");
  await page.getByLabel("Hours").fill("1000");
  await press(owner, "Make an invite");
  await page.getByText("“bad/group” is no group").waitFor();
  await page.getByText("A whole number from 1 to 720.").waitFor();
  await page.getByLabel("Groups").fill("admin");
  await page.getByLabel("Hours").fill("48");
  await press(owner, "Make an invite");
  await heading(owner, "An invite for Grace Hopper");
  await look(owner, "admin-invite-made");
  const link = await shownLink(owner);
  expect(link).toMatch(new RegExp(`^${owner.origin}/login#invite=[\\w-]{43}$`));
  await press(owner, "Done");
  await page.getByRole("heading", { name: "Grace Hopper" }).waitFor();
  await look(owner, "admin-invites");
  const grace = await visit(browser, service);
  await takeInvite(grace, link, "laptop");
  await grace.page.goto(`${grace.origin}/account`);
  await grace.page.getByText("grace@example.com").waitFor();
  await leave(grace);
  const { link: cancelled } = await inviteOf(owner, { name: "Mallory" });
  await admin("Invites");
  await press(owner, "Cancel the invite of Mallory");
  await press(owner, "Really cancel this invite");
  await page.getByRole("heading", { name: "Mallory" }).waitFor({ state: "detached" });
  const late = await visit(browser, service);
  await late.page.goto(cancelled);
  await heading(late, /^This invite is (not known here|used up or over)$/);
  await leave(late);
});

test("an account gets another name, is disabled, let in again, and removed", async () => {
  const on = await someone("Ada");
  const { page } = owner;
  await admin("Accounts");
  await page.getByRole("heading", { name: "Ada" }).waitFor();
  await look(owner, "admin-accounts");
  await press(owner, "Change the account of Ada");
  await heading(owner, "Ada");
  await look(owner, "admin-account");
  await page.getByLabel("Name").fill("Ada Lovelace");
  await page.getByLabel("E-mail").fill("ada@example.com");
  await press(owner, "Save");
  await page.getByRole("heading", { name: "Ada Lovelace" }).waitFor();
  await on.page.goto(`${on.origin}/account`);
  await on.page.getByText("ada@example.com").waitFor();
  await openAccount("Ada Lovelace");
  await press(owner, "Disable this account");
  await page.getByText("Disabled", { exact: true }).waitFor();
  await on.page.reload();
  await heading(on, "You are not logged in");
  await openAccount("Ada Lovelace");
  await look(owner, "admin-account-disabled");
  await press(owner, "Let it in again");
  await heading(owner, "Accounts");
  await on.page.goto(`${on.origin}/login`);
  await logIn(on, "laptop");
  await openAccount("Ada Lovelace");
  await press(owner, "Remove this account");
  await look(owner, "admin-account-remove");
  await press(owner, "Really remove Ada Lovelace and all its keys for good");
  await heading(owner, "Accounts");
  expect((await accountsOf(owner)).has("Ada Lovelace")).toBe(false);
  await on.page.goto(`${on.origin}/login`);
  await press(on, "Log in as laptop");
  await heading(on, "The service did not let you in");
  await leave(on);
});

test("the last administrator stays one", async () => {
  const only = await startService({ rules: "accounts" });
  const on = await ownerOf(browser, only);
  await on.page.goto(`${on.origin}/admin`);
  await press(on, "Accounts");
  await press(on, "Change the account of owner");
  await on.page.getByLabel("Groups").fill("");
  await press(on, "Save");
  await heading(on, "Somebody has to stay in the group admin");
  await look(on, "admin-last");
  await press(on, "Back to the accounts");
  await heading(on, "Accounts");
  await leave(on);
  await only.stop();
});

test("whoever lost every key gets in again by a further key for the same account", async () => {
  const before = await someone("Joan");
  await openAccount("Joan");
  await press(owner, "Invite a further key");
  await heading(owner, "A new key for Joan");
  await look(owner, "admin-key-made");
  const link = await shownLink(owner);
  const after = await visit(browser, service);
  await after.page.goto(link);
  await press(after, "Yes, it is mine");
  await heading(after, "Add this device to Joan's account");
  await fillName(after, "new laptop");
  await logIn(after, "new laptop");
  expect((await accountsOf(owner)).get("Joan")?.keys.length).toBe(2);
  await leave(after);
  await leave(before);
});

test("a session is ended, a DID is revoked and lifted", async () => {
  const on = await someone("Eve");
  const did = (await accountsOf(owner)).get("Eve")?.keys[0]?.did ?? "";
  await admin("Sessions");
  await heading(owner, "The newest sessions");
  await look(owner, "admin-sessions");
  await openAccount("Eve");
  await owner.page.getByRole("button", { name: /^Sessions of / }).click();
  await owner.page.getByRole("button", { name: /^End the session of/ }).click();
  await owner.page.getByText("There are none.").waitFor();
  await on.page.goto(`${on.origin}/account`);
  await heading(on, "You are not logged in");
  await admin("Revoked DIDs");
  await heading(owner, "Revoked DIDs");
  await owner.page.getByLabel("DID").fill("eve");
  await press(owner, "Revoke it");
  await owner.page.getByText("A DID begins with did:").waitFor();
  await owner.page.getByLabel("DID").fill(did);
  await owner.page.getByLabel("Reason").fill("stolen laptop");
  await press(owner, "Revoke it");
  await owner.page.getByText("stolen laptop").waitFor();
  await look(owner, "admin-revocations");
  await on.page.goto(`${on.origin}/login`);
  await press(on, "Log in as laptop");
  await heading(on, "The service did not let you in");
  const card = owner.page.locator(".card", { hasText: "stolen laptop" });
  await card.getByRole("button", { name: /^Lift the revocation of/ }).click();
  await card.getByRole("button", { name: /^Really let/ }).click();
  await owner.page.getByText("stolen laptop").waitFor({ state: "detached" });
  await press(on, "Try again");
  await logIn(on, "laptop");
  await on.page.goto(`${on.origin}/account`);
  await seeAccount(on);
  expect((await ask(owner, "GET", "/v1/admin/revocations")).status).toBe(200);
  await leave(on);
});
