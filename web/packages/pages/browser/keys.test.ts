import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inviteOf, ownerOf, seeAccount, shownLink, takeInvite } from "./support/people.js";
import { startService, type Service } from "./support/start.js";
import { createKey, fillName, heading, launch, leave, logIn, look, press, visit, type Visit } from "./support/visit.js";

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

async function account(on: Visit): Promise<void> {
  await on.page.goto(`${on.origin}/account`);
  await seeAccount(on);
}

const cards = ({ page }: Visit) => page.locator("section", { hasText: "Keys of your account" }).locator(".card");

/** The link for another device of this label. */
async function addDevice(on: Visit, label: string): Promise<string> {
  await account(on);
  await press(on, "Add a device");
  await on.page.getByLabel("What is the other device?").fill(label);
  await press(on, "Make a link");
  await heading(on, `Open this link on ${label}`);
  return shownLink(on);
}

test("an account says who it is, and is shown the administration only where it may use it", async () => {
  const on = await visit(browser, service);
  await takeInvite(on, (await inviteOf(owner, { name: "Ada Lovelace", email: "ada@example.com" })).link, "laptop");
  await account(on);
  for (const text of ["Ada Lovelace", "ada@example.com", "So far one key lets you in"]) await on.page.getByText(text).first().waitFor();
  expect(await on.page.getByRole("link", { name: "Administration" }).count()).toBe(0);
  await look(on, "account-one-key");
  await account(owner);
  await owner.page.getByRole("link", { name: "Administration" }).waitFor();
  await leave(on);
});

test("the last key stays", async () => {
  const on = await visit(browser, service);
  await takeInvite(on, (await inviteOf(owner, { name: "Bob" })).link, "laptop");
  await account(on);
  await press(on, "Remove laptop from your account");
  await heading(on, "Remove laptop from your account?");
  await look(on, "account-remove");
  await press(on, "Remove laptop for good");
  await heading(on, "This is the last key of your account");
  await look(on, "account-last-key");
  await press(on, "Back to your account");
  await seeAccount(on);
  expect(await cards(on).count()).toBe(1);
  await leave(on);
});

test("a second device comes in by a link, and each can remove the other for good", async () => {
  const laptop = await visit(browser, service);
  await takeInvite(laptop, (await inviteOf(owner, { name: "Carol" })).link, "laptop");
  await account(laptop);
  await press(laptop, "Add a device");
  await press(laptop, "Make a link");
  await laptop.page.getByText("Say which device it is").waitFor();
  await look(laptop, "add-device");
  const link = await addDevice(laptop, "phone");
  await look(laptop, "add-device-link");
  const phone = await visit(browser, service);
  await phone.page.goto(link);
  await press(phone, "Yes, it is mine");
  await heading(phone, "Add this device to Carol's account");
  await look(phone, "invite-key");
  await fillName(phone, "my phone");
  await logIn(phone, "my phone");
  expect(await phone.page.getByRole("heading", { name: "A second way in" }).count()).toBe(0);
  await account(phone);
  expect(await cards(phone).count()).toBe(2);
  await press(phone, "Remove phone from your account");
  await phone.page.getByText("so you will be logged out").waitFor();
  await press(phone, "Keep it");
  await account(laptop);
  await press(laptop, "Remove phone from your account");
  await press(laptop, "Remove phone for good");
  await seeAccount(laptop);
  expect(await cards(laptop).count()).toBe(1);
  // its session is over, and its key is refused although anyone else may come in
  await phone.page.goto(`${phone.origin}/account`);
  await heading(phone, "You are not logged in");
  await phone.page.goto(`${phone.origin}/login`);
  await press(phone, "Log in as my phone");
  await heading(phone, "The service did not let you in");
  await leave(phone);
  await leave(laptop);
});

test("an invite to a further key says whose account it is, and joins only whoever says that it is theirs", async () => {
  const mallory = await visit(browser, service);
  await takeInvite(mallory, (await inviteOf(owner, { name: "Mallory" })).link, "laptop");
  const link = await addDevice(mallory, "phone");
  const shown = await mallory.page.locator("section .did").textContent();
  expect(shown).toMatch(/did:key:z\w{40,}/);
  const on = await visit(browser, service);
  await createKey(on, "my only key");
  const sent: string[] = [];
  on.context.on("request", (request) => sent.push(new URL(request.url()).pathname));
  await on.page.goto(link);
  await heading(on, "Is this account yours?");
  await on.page.getByText("Mallory", { exact: true }).waitFor();
  expect(await on.page.locator("section .did").textContent()).toBe(shown);
  await on.page.getByText("Whoever has a key of this account then counts as you here").waitFor();
  expect(await on.page.getByRole("button", { name: /^(Log in|Create)/ }).count()).toBe(0);
  await look(on, "invite-whose");
  await press(on, "No, it is not mine");
  await heading(on, /^Log in to /);
  await logIn(on, "my only key");
  expect(sent.filter((path) => /claim|accept/.test(path))).toEqual([]);
  expect(await on.page.evaluate(async () => (await (await fetch("/v1/account")).json() as { account: unknown }).account)).toBeNull();
  await leave(on);
  await leave(mallory);
});

test("a key without an account gets one with its second way in", async () => {
  const on = await visit(browser, service);
  await createKey(on, "laptop");
  await logIn(on, "laptop");
  await account(on);
  await on.page.getByText("You have no account here, only a key").waitFor();
  await look(on, "account-none");
  const link = await addDevice(on, "tablet");
  const tablet = await visit(browser, service);
  await tablet.page.goto(link);
  await tablet.page.getByText("An account without a name").waitFor();
  await press(tablet, "Yes, it is mine");
  await heading(tablet, "Add this device to your account");
  await fillName(tablet, "tablet");
  await logIn(tablet, "tablet");
  await account(tablet);
  expect(await cards(tablet).count()).toBe(2);
  await leave(tablet);
  await leave(on);
});

test("more links than an account may have, and no answer: each is said", async () => {
  const on = await visit(browser, service);
  await takeInvite(on, (await inviteOf(owner, { name: "Dan" })).link, "laptop");
  for (let count = 0; count < 5; count++) await addDevice(on, `device ${count}`);
  await account(on);
  await press(on, "Add a device");
  await on.page.getByLabel("What is the other device?").fill("one too many");
  await press(on, "Make a link");
  await heading(on, "Your account takes no more keys at the moment");
  await look(on, "add-device-full");
  await on.page.route("**/didshake", (route) => route.abort());
  await press(on, "Try again");
  expect(await on.page.getByLabel("What is the other device?").inputValue()).toBe("one too many");
  await press(on, "Make a link");
  await heading(on, "The service does not answer");
  await on.page.unroute("**/didshake");
  await on.page.route("**/v1/account/invites", (route) => route.fulfill({ status: 403 }));
  await press(on, "Try again");
  await press(on, "Make a link");
  await heading(on, "Your account is switched off");
  await look(on, "add-device-off");
  await leave(on);
});
