import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accountsOf, ask, inviteOf, logOut, ownerOf, takeInvite } from "./support/people.js";
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

/** Where a secret must not be: in what is sent as an address, in what the browser keeps, in the address that is shown. */
async function isNowhere({ page, context }: Visit, secret: string, sent: readonly string[]): Promise<void> {
  expect(page.url()).not.toContain(secret);
  expect(sent.filter((text) => text.includes(secret))).toEqual([]);
  expect(JSON.stringify(await context.storageState())).not.toContain(secret);
  expect(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).not.toContain(secret);
}

test("an invite makes the account of whoever has it, and its secret is out of the address at once", async () => {
  const { link } = await inviteOf(owner, { name: "Ada Lovelace", groups: ["admin"] });
  const on = await visit(browser, service);
  const sent: string[] = [];
  on.context.on("request", (request) => sent.push(request.url(), ...Object.values(request.headers())));
  on.context.on("console", (message) => sent.push(message.text()));
  await on.page.goto(link);
  await heading(on, "You are invited to 127.0.0.1:" + service.port + " as Ada Lovelace");
  await on.page.getByText("the group admin").waitFor();
  await isNowhere(on, link.slice(link.indexOf("=") + 1), sent);
  await look(on, "invite");
  await fillName(on, "ada's laptop");
  await logIn(on, "ada's laptop");
  await on.page.getByRole("heading", { name: "A second way in" }).waitFor();
  await look(on, "invite-done");
  await isNowhere(on, link.slice(link.indexOf("=") + 1), sent);
  expect((await accountsOf(owner)).get("Ada Lovelace")?.keys.length).toBe(1);
  await logOut(on);
  await on.page.goto(`${on.origin}/login`);
  await logIn(on, "ada's laptop");
  await leave(on);
});

test("a stranger without an invite is not let in, and a used invite is said to be used", async () => {
  const { link } = await inviteOf(owner, { name: "Bob" });
  const bob = await visit(browser, service);
  await takeInvite(bob, link, "bob's phone");
  const on = await visit(browser, service);
  await on.page.goto(link);
  await heading(on, "This invite is used up or over");
  await look(on, "invite-over");
  await press(on, "Log in without the invite");
  await fillName(on, "stranger");
  await press(on, "Log in as stranger");
  await heading(on, "The service did not let you in");
  await leave(on);
  await leave(bob);
});

test("an invite that was cut off or taken back is not known", async () => {
  const { link, id } = await inviteOf(owner, { name: "Eve" });
  const on = await visit(browser, service);
  await on.page.goto(link.slice(0, -4));
  await heading(on, "This invite is not known here");
  await look(on, "invite-unknown");
  expect((await ask(owner, "DELETE", `/v1/admin/invites/${id}`)).status).toBe(204);
  // the page is open: only the fragment changes
  await on.page.goto(link);
  await heading(on, "This invite is not known here");
  await leave(on);
});

test("a key that has an account cannot take another one; a new key of the same browser can", async () => {
  const on = await visit(browser, service);
  await takeInvite(on, (await inviteOf(owner, { name: "Carol" })).link, "first key");
  await on.page.goto((await inviteOf(owner, { name: "Carol at work" })).link);
  await press(on, "Log in as first key");
  await heading(on, "This key cannot take the invite");
  await look(on, "invite-taken");
  await press(on, "Choose another key");
  await heading(on, /as Carol at work$/);
  await on.page.getByText("Your keys").click();
  await fillName(on, "second key", "Create another key");
  await logIn(on, "second key");
  expect([...(await accountsOf(owner)).keys()]).toEqual(expect.arrayContaining(["Carol", "Carol at work"]));
  await leave(on);
});

test("a failure on the way keeps the invite", async () => {
  const { link } = await inviteOf(owner, { name: "Dan" });
  const on = await visit(browser, service);
  await on.page.route("**/v1/invites/look", (route) => route.fulfill({ status: 503 }));
  await on.page.goto(link);
  await heading(on, "The service does not answer");
  await on.page.unroute("**/v1/invites/look");
  await on.page.route("**/v1/invites/claim", (route) => route.abort());
  await press(on, "Try again");
  await fillName(on, "dan's key");
  await press(on, "Log in as dan's key");
  await heading(on, "The service does not answer");
  await on.page.unroute("**/v1/invites/claim");
  await press(on, "Try again");
  await logIn(on, "dan's key");
  expect((await accountsOf(owner)).has("Dan")).toBe(true);
  await leave(on);
});
