import type { Browser, Route } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accountsOf, ask, inviteOf, ownerOf, seeAccount, shownLink, takeInvite } from "./support/people.js";
import { startService, type Service } from "./support/start.js";
import { createKey, fillName, heading, launch, leave, logIn, look, picture, press, visit, type Visit } from "./support/visit.js";

let browser: Browser;
let service: Service;
let owner: Visit;

beforeAll(async () => {
  [browser, service] = await Promise.all([launch(), startService()]);
  owner = await ownerOf(browser, service);
});

afterAll(async () => {
  await leave(owner);
  await browser.close();
  await service.stop();
});

/** Whoever has logged in with a key of this name. */
async function someone(init?: () => void): Promise<Visit> {
  const on = await visit(browser, service, init);
  await createKey(on, "laptop");
  await logIn(on, "laptop");
  return on;
}

async function account(on: Visit): Promise<void> {
  await on.page.goto(`${on.origin}/account`);
  await seeAccount(on);
}

/** Another tab of the same browser. */
async function tab(on: Visit): Promise<Visit> {
  return { ...on, page: await on.context.newPage() };
}

/** Has the page come back as it was, as browsers do that keep it whole. */
async function comeBack({ page }: Visit): Promise<void> {
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
}

test("whoever goes back after a logout sees nothing of the account", async () => {
  const on = await someone();
  await account(on);
  const { did } = (await ask(on, "GET", "/v1/session")).body as { did: string };
  await press(on, "Log out");
  await heading(on, "You are not logged in");
  await on.page.goto(`${on.origin}/vectors`);
  await on.page.goBack();
  await heading(on, "You are not logged in");
  // the same where the page was kept whole, and the logout was in another tab
  await on.page.goto(`${on.origin}/login`);
  await logIn(on, "laptop");
  await account(on);
  const other = await tab(on);
  await other.page.goto(`${on.origin}/account`);
  await press(other, "Log out");
  await comeBack(on);
  await heading(on, "You are not logged in");
  expect(await on.page.locator("main").textContent()).not.toContain(did);
  await leave(on);
});

test("a page whose session has ended elsewhere says so at the next press", async () => {
  const on = await someone();
  await on.context.clearCookies();
  await on.page.goto(`${on.origin}/login`);
  await logIn(on, "laptop");
  await account(on);
  await on.context.clearCookies();
  await on.page.getByRole("button", { name: /^End the session/ }).click();
  await heading(on, "You are not logged in");
  await leave(on);
});

test("a recovery code is gone when the page comes back", async () => {
  const on = await someone();
  await press(on, "Make a recovery code");
  await heading(on, "Your recovery code");
  await comeBack(on);
  await heading(on, "You are logged in");
  expect(await on.page.locator(".groups").count()).toBe(0);
  await leave(on);
});

test("two tabs that make a key of the same name have one key, and both log in", async () => {
  const on = await visit(browser, service);
  const other = await tab(on);
  for (const one of [on, other]) {
    await one.page.goto(`${on.origin}/login`);
    await one.page.getByLabel("What shall it be called?").fill("laptop");
  }
  // by the keyboard: a tab in the background draws too seldom for a pointer to aim at
  await Promise.all([on, other].map((one) => one.page.keyboard.press("Enter")));
  await logIn(other, "laptop");
  await on.page.bringToFront();
  await logIn(on, "laptop");
  await on.page.goto(`${on.origin}/login`);
  await press(on, "Use another identity");
  await heading(on, /^Log in to /);
  expect(await on.page.getByRole("button", { name: /^Log in as/ }).count()).toBe(1);
  await leave(on);
});

test("two tabs that open one invite with two keys: one gets it, the other is told why not", async () => {
  const { link } = await inviteOf(owner, { name: "Ada" });
  const [on, other] = [await visit(browser, service), await visit(browser, service)];
  await on.page.goto(link);
  await other.page.goto(link);
  await fillName(on, "first");
  await fillName(other, "second");
  // the other claims between the claim and the proof of the first
  let held: Route | undefined;
  await on.page.route("**/v1/invites/accept", (route) => { held = route; });
  await press(on, "Log in as first");
  await expect.poll(() => held).toBeDefined();
  await logIn(other, "second");
  await held?.continue();
  await heading(on, /^This (key cannot take the invite|invite is used up or over)$/);
  expect((await accountsOf(owner)).get("Ada")?.keys.length).toBe(1);
  await leave(other);
  await leave(on);
});

test("a full disk: no key that is not kept, and a login without a memory of the service", async () => {
  const full = await visit(browser, service, () => {
    const { add } = IDBObjectStore.prototype;
    IDBObjectStore.prototype.add = function (...all) {
      const request = add.apply(this, all);
      // the request goes well, and then the transaction does not
      request.addEventListener("success", () => this.transaction.abort());
      return request;
    };
  });
  await full.page.goto(`${full.origin}/login`);
  await full.page.getByLabel("What shall it be called?").fill("laptop");
  await press(full, "Create a key on this device");
  await heading(full, "Your browser could not use the key");
  await look(full, "failure-key");
  await full.page.reload();
  await heading(full, /^Log in to /);
  await leave(full);
  const forgetful = await someone(() => {
    IDBObjectStore.prototype.put = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
    Storage.prototype.setItem = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
  });
  await forgetful.page.getByText("could not remember the identity of the service").waitFor();
  await leave(forgetful);
});

test("what no link holds is known nowhere, however long it is", async () => {
  const on = await visit(browser, service);
  for (const garbage of ["", "%00", "<img src=x onerror=alert(1)>", "\u202Eabc", "a".repeat(43), "a".repeat(100_000)]) {
    await on.page.goto("about:blank");
    await on.page.goto(`${on.origin}/login#invite=${garbage}`);
    await heading(on, "This invite is not known here");
    await on.page.goto("about:blank");
    await on.page.goto(`${on.origin}/login#link=${garbage}`);
    await heading(on, "This link is used up or over");
    expect(on.page.url()).toBe(`${on.origin}/login`);
  }
  await leave(on);
});

const NAMES = ["W".repeat(200), "\u202Etxet desrever\u202C", "👩‍💻🏳️‍🌈".repeat(20), "<img src=x onerror=alert(1)><script>alert(1)</script>", "שָׁלוֹם 127.0.0.1"];

test("names of any kind stay text and inside the window", async () => {
  const on = await someone();
  on.page.on("dialog", (dialog) => on.faults.push(`a dialog: ${dialog.message()}`));
  for (const [at, name] of NAMES.entries()) {
    const key = { did: "did:key:z6MkeTG3bFFSLYVU7VqhgZxqr6YzpaGrQtFMh1uvqGy1vDnP", label: name, added: 1 };
    const shown = { account_id: "0", subject: key.did, name, email: `${name}@example.com`, groups: ["W".repeat(64)], created: 1, keys: [key], disabled: true };
    await on.page.route("**/v1/account", (route) => route.fulfill({ json: { did: key.did, account: shown } }));
    await on.page.route("**/v1/admin/accounts", (route) => route.fulfill({ json: { accounts: [shown], next: null } }));
    await on.page.route("**/v1/admin/invites", (route) => route.fulfill({ json: { invites: [] } }));
    await on.page.route("**/v1/invites/look", (route) => route.fulfill({ json: { kind: "key", name, groups: [], label: name, subject: key.did, expires: 1 } }));
    await account(on);
    await fits(on, `hostile-account-${at}`);
    await on.page.goto(`${on.origin}/admin`);
    await press(on, "Accounts");
    await fits(on, `hostile-accounts-${at}`);
    await on.page.getByRole("button", { name: /^Change the account of/ }).click();
    await fits(on, `hostile-change-${at}`);
    await on.page.goto(`${on.origin}/login#invite=x`);
    await press(on, "Yes, it is mine");
    await fits(on, `hostile-invite-${at}`);
    await on.page.unrouteAll();
  }
  await leave(on);
});

/** Nothing is wider than the window; a picture where they are wanted. */
async function fits({ page }: Visit, name: string): Promise<void> {
  await page.setViewportSize({ width: 360, height: 900 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth), name).toBeLessThanOrEqual(360);
  await picture(page, name);
}

test("a label with what nobody sees is refused where it is typed", async () => {
  const on = await someone();
  await account(on);
  await press(on, "Add a device");
  for (const label of ["phone\u202E", "👩‍💻 laptop", "a\u200Bb"]) {
    await on.page.getByLabel("What is the other device?").fill(label);
    await press(on, "Make a link");
    await on.page.getByText("One of its characters cannot be seen").waitFor();
  }
  await on.page.getByLabel("What is the other device?").fill("מחשב 💻");
  await press(on, "Make a link");
  await heading(on, "Open this link on מחשב 💻");
  await leave(on);
});

test("a double click is one press, and confirms nothing", async () => {
  await inviteOf(owner, { name: "Bob" }).then(async ({ link }) => {
    const bob = await visit(browser, service);
    await takeInvite(bob, link, "laptop");
    await leave(bob);
  });
  await owner.page.goto(`${owner.origin}/admin`);
  await press(owner, "Accounts");
  await press(owner, "Change the account of Bob");
  await owner.page.getByRole("button", { name: "Remove this account" }).dblclick();
  await owner.page.getByRole("button", { name: "Really remove Bob and all its keys for good" }).waitFor();
  await press(owner, "Keep it");
  await owner.page.getByRole("button", { name: "Invite a further key" }).dblclick();
  await heading(owner, "A new key for Bob");
  expect(await shownLink(owner)).toContain("#invite=");
  const { invites } = (await ask(owner, "GET", "/v1/admin/invites")).body as { invites: { label: string | null }[] };
  expect(invites.filter(({ label }) => label === "new key")).toHaveLength(1);
});

test("a page of somebody else's where an answer should be is taken for none", async () => {
  const on = await someone();
  await on.page.route("**/v1/session", (route) => route.fulfill({ status: 200, contentType: "text/html", body: "<p>Welcome" }));
  await on.page.goto(`${on.origin}/account`);
  await heading(on, "Something else answered in the service's place");
  await on.page.unroute("**/v1/session");
  await on.page.route("**/v1/sessions", (route) => route.fulfill({ json: {} }));
  await press(on, "Try again");
  await heading(on, "Something went wrong");
  await look(on, "failure-unexpected");
  await leave(on);
});

test("wherever a login may lead, it is on this site, and its address fits", async () => {
  const on = await someone();
  for (const [to, href] of [
    ["/.//evil.example", "/account"], ["/..//evil.example", "/account"], ["/\u202Egro.live", "/%E2%80%AEgro.live"], ["/vectors\n", "/account"],
    [`/${"a".repeat(5000)}`, `/${"a".repeat(5000)}`], ["/login?to=//evil.example", "/login?to=//evil.example"], ["/%5Cevil.example", "/%5Cevil.example"],
  ] as const) {
    await on.page.goto(`${on.origin}/login?to=${encodeURIComponent(to)}`);
    await heading(on, "You are logged in");
    expect(await on.page.getByRole("link", { name: "Continue" }).getAttribute("href"), to.slice(0, 40)).toBe(href);
    await fits(on, "hostile-to");
  }
  await leave(on);
});
