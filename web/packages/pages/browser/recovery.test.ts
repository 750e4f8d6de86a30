import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readCode, recoveryKey } from "../src/recovery-code.js";
import { accountsOf, ask, inviteOf, ownerOf, seeAccount, takeInvite } from "./support/people.js";
import { startService, type Service } from "./support/start.js";
import { createKey, heading, launch, leave, look, picture, press, visit, type Visit } from "./support/visit.js";

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

/** Someone of this name, who has taken an invite and is offered a second way in. */
async function someone(name: string): Promise<Visit> {
  const on = await visit(browser, service);
  await takeInvite(on, (await inviteOf(owner, { name })).link, "laptop");
  await on.page.getByRole("button", { name: "Make a recovery code" }).waitFor();
  return on;
}

async function shownCode(on: Visit): Promise<string[]> {
  await press(on, "Make a recovery code");
  await heading(on, "Your recovery code");
  return on.page.locator(".groups code").allTextContents();
}

/** Types the two groups that are asked for; the first is changed as told. */
async function typeGroups(on: Visit, groups: readonly string[], change: (group: string) => string): Promise<void> {
  const labels = await on.page.locator("form label").allTextContents();
  expect(labels).toHaveLength(2);
  for (const [at, label] of labels.entries()) {
    const group = groups[Number(label.replace("Group ", "")) - 1] ?? "";
    await on.page.getByLabel(label).fill(at === 0 ? change(group) : group);
  }
  await press(on, "Add the code to my account");
}

async function makeCode(on: Visit): Promise<string> {
  const groups = await shownCode(on);
  await press(on, "I have kept it");
  await typeGroups(on, groups, (group) => group);
  await heading(on, "Your recovery code works");
  return groups.join(" ");
}

const cards = ({ page }: Visit) => page.locator("section", { hasText: "Keys of your account" }).locator(".card");

test("a code is shown once, typed back, proved, and kept nowhere", async () => {
  const on = await someone("Ada");
  const sent: string[] = [];
  on.context.on("request", (request) => sent.push(request.url(), request.postData() ?? ""));
  const groups = await shownCode(on);
  expect(groups).toHaveLength(9);
  await look(on, "recovery-code");
  await on.page.emulateMedia({ media: "print" });
  await picture(on.page, "recovery-code-print");
  await on.page.emulateMedia({ media: "screen" });
  await press(on, "I have kept it");
  await look(on, "recovery-check");
  await press(on, "Show the code again");
  expect(await on.page.locator(".groups code").allTextContents()).toEqual(groups);
  await press(on, "I have kept it");
  await typeGroups(on, groups, () => "UUUU");
  await on.page.getByText(/This is not group \d/).waitFor();
  expect(sent).toEqual([]);
  await typeGroups(on, groups, (group) => ` ${group.toLowerCase()}`);
  await heading(on, "Your recovery code works");
  await look(on, "recovery-works");
  const { did } = recoveryKey(readCode(groups.join("")));
  expect((await accountsOf(owner)).get("Ada")?.keys).toEqual(expect.arrayContaining([expect.objectContaining({ did, label: "recovery code" })]));
  // the session with which the code was proved is over
  expect((await ask(owner, "GET", `/v1/admin/sessions?did=${encodeURIComponent(did)}`)).body["sessions"]).toEqual([]);
  for (const group of [groups.join(""), groups.join(" ")]) {
    expect(sent.join().includes(group)).toBe(false);
    expect(await on.page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).not.toContain(group);
  }
  await press(on, "Continue");
  await seeAccount(on);
  expect(await cards(on).count()).toBe(2);
  expect(await on.page.getByText("So far one key lets you in").count()).toBe(0);
  await look(on, "account-keys");
  await leave(on);
});

test("with a code on another device: a new key there, and no session of the code stays", async () => {
  const ada = await someone("Grace");
  const code = await makeCode(ada);
  const on = await visit(browser, service);
  await on.page.goto(`${on.origin}/login`);
  await press(on, "I have a recovery code");
  await heading(on, "Log in with a recovery code");
  await look(on, "recover");
  const sent: string[] = [];
  on.context.on("request", (request) => sent.push(request.url()));
  for (const [text, fault] of [
    ["", "This has 0."], [code.slice(2), "This has 34."], [code.replace(/.$/, (last) => (last === "7" ? "8" : "7")), "does not add up"], [code.replace(/./, "U"), "no “U”"],
  ] as const) {
    await on.page.getByLabel("Your recovery code").fill(text);
    await press(on, "Go on");
    await on.page.getByText(fault).waitFor();
  }
  await look(on, "recover-fault");
  expect(sent).toEqual([]);
  await on.page.getByLabel("Your recovery code").fill(code.toLowerCase().replaceAll(" ", "-").replaceAll("1", "l").replaceAll("0", "o"));
  await press(on, "Go on");
  await heading(on, "Welcome back, Grace");
  await look(on, "recover-name");
  // it becomes the label of the key
  await on.page.getByText("Your account shows it.").waitFor();
  expect(await on.context.cookies()).toEqual([]);
  await on.page.getByLabel("What shall it be called?").fill("new phone");
  await press(on, "Create a key on this device");
  await heading(on, "You are logged in as new phone");
  const { did } = recoveryKey(readCode(code));
  expect((await ask(owner, "GET", `/v1/admin/sessions?did=${encodeURIComponent(did)}`)).body["sessions"]).toEqual([]);
  await on.page.goto(`${on.origin}/account`);
  await seeAccount(on);
  expect(await cards(on).getByRole("heading").allTextContents()).toEqual(expect.arrayContaining(["recovery code", "new phone"]));
  expect(await cards(on).count()).toBe(3);
  await leave(on);
  await leave(ada);
});

test("a code whose key was removed, or that is of nowhere, opens no account", async () => {
  const on = await someone("Joan");
  const code = await makeCode(on);
  await press(on, "Continue");
  await heading(on, "Your account");
  await press(on, "Remove recovery code from your account");
  await press(on, "Remove recovery code for good");
  await seeAccount(on);
  expect(await cards(on).count()).toBe(1);
  const other = await visit(browser, service);
  await createKey(other, "laptop");
  for (const text of [code, "4V8M 4TDT R2FJ NGRJ BHZ3 GQNT N3AV 1GH7 NQ14"]) {
    await other.page.goto(`${other.origin}/login`);
    await press(other, "I have a recovery code");
    await other.page.getByLabel("Your recovery code").fill(text);
    await press(other, "Go on");
    await heading(other, "This recovery code opens no account here");
  }
  await look(other, "recover-unknown");
  await leave(other);
  await leave(on);
});
