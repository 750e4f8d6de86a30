import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock, systemRandom } from "../../didshake/src/config.js";
import { login } from "../../didshake/src/login.js";
import { newIdentity } from "../../didshake/test/support/loopback.js";
import { expectFocus, focused, go, tabTo, type } from "./support/keyboard.js";
import { ask, inviteOf, ownerOf, shownLink, takeInvite } from "./support/people.js";
import { startService, type Service } from "./support/start.js";
import { launch, leave, visit, type Visit } from "./support/visit.js";

// every view is driven without a pointer: the helpers see to it that the focus can be seen at every stop

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

/** Someone of this name, at the account page. */
async function someone(name: string): Promise<Visit> {
  const on = await visit(browser, service);
  await takeInvite(on, (await inviteOf(owner, { name })).link, "laptop");
  await account(on);
  return on;
}

async function account(on: Visit): Promise<void> {
  await on.page.goto(`${on.origin}/account`);
  await expectFocus(on, "Your account");
}

test("an invite, a recovery code that is typed back, and the account", async () => {
  const on = await visit(browser, service);
  await on.page.goto((await inviteOf(owner, { name: "Ada" })).link);
  await expectFocus(on, /^You are invited to .* as Ada$/);
  await tabTo(on, "What shall it be called?");
  await on.page.keyboard.press("Enter");
  await expectFocus(on, "What shall it be called?");
  await type(on, "keys only");
  await on.page.keyboard.press("Enter");
  await expectFocus(on, /as Ada$/);
  expect(await on.page.locator(".unmarked").count()).toBe(0);
  await go(on, "Log in as keys only", "You are logged in as keys only");
  await on.page.getByRole("button", { name: "Make a recovery code" }).waitFor();
  await go(on, "Make a recovery code", "Your recovery code");
  const groups = await on.page.locator(".groups code").allTextContents();
  await go(on, "I have kept it", "Is it kept?", "Space");
  await go(on, "Show the code again", "Your recovery code");
  await go(on, "I have kept it", "Is it kept?");
  await tabTo(on, /^Group \d$/);
  const first = await focused(on);
  await type(on, "UUUU");
  await tabTo(on, /^Group \d$/);
  await type(on, groupOf(groups, await focused(on)));
  await on.page.keyboard.press("Enter");
  // back to the first that is wrong
  await expectFocus(on, first);
  await type(on, groupOf(groups, first));
  await on.page.keyboard.press("Enter");
  await expectFocus(on, "Your recovery code works");
  await go(on, "Continue", "Your account");
  await go(on, "Remove recovery code from your account", "Remove recovery code from your account?");
  await go(on, "Keep it", "Your account");
  await recover(groups.join(" "));
  await leave(on);
});

function groupOf(groups: readonly string[], label: string): string {
  return groups[Number(label.replace("Group ", "")) - 1] ?? "";
}

/** The same code on another device. */
async function recover(code: string): Promise<void> {
  const on = await visit(browser, service);
  await on.page.goto(`${on.origin}/login`);
  await expectFocus(on, /^Log in to /);
  await go(on, "I have a recovery code", "Log in with a recovery code");
  await tabTo(on, "Your recovery code");
  await type(on, code.slice(1));
  await on.page.keyboard.press("Enter");
  await expectFocus(on, "Your recovery code");
  await type(on, code);
  await on.page.keyboard.press("Enter");
  await expectFocus(on, "Welcome back, Ada");
  await tabTo(on, "What shall it be called?");
  await type(on, "phone");
  await on.page.keyboard.press("Enter");
  await expectFocus(on, "You are logged in as phone");
  await leave(on);
}

test("a link for another device, and the key that it adds there", async () => {
  const on = await someone("Carol");
  await go(on, "Add a device", "Add a device");
  await tabTo(on, "What is the other device?");
  await on.page.keyboard.press("Enter");
  await expectFocus(on, "What is the other device?");
  await type(on, "phone");
  await on.page.keyboard.press("Enter");
  await expectFocus(on, "Open this link on phone");
  const link = await shownLink(on);
  await tabTo(on, "Copy the link");
  await go(on, "Done", "Your account");
  const phone = await visit(browser, service);
  await phone.page.goto(link);
  await expectFocus(phone, "Is this account yours?");
  await go(phone, "Yes, it is mine", "Add this device to Carol's account");
  await tabTo(phone, "What shall it be called?");
  await type(phone, "my phone");
  await phone.page.keyboard.press("Enter");
  await expectFocus(phone, "Add this device to Carol's account");
  await go(phone, "Log in as my phone", "You are logged in as my phone");
  await leave(phone);
  await leave(on);
});

test("one session ends, the others end, all end", async () => {
  const on = await someone("Dan");
  for (let count = 0; count < 3; count++) {
    await on.context.clearCookies();
    await on.page.goto(`${on.origin}/login`);
    await expectFocus(on, /^Log in to /);
    await go(on, "Log in as laptop", "You are logged in as laptop");
  }
  await account(on);
  await go(on, /^End the session from 127\.0\.0\.1/, "Your sessions");
  // a question takes the focus to the harmless answer, and gives it back
  await go(on, "End all others", "Keep them");
  await on.page.keyboard.press("Enter");
  await expectFocus(on, "End all others");
  await on.page.keyboard.press("Space");
  await expectFocus(on, "Keep them");
  await on.page.keyboard.press("Escape");
  await expectFocus(on, "End all others");
  await on.page.keyboard.press("Enter");
  await go(on, "Really end all other sessions", "Your sessions");
  await go(on, "End all, this one too", "Keep them");
  await go(on, "Really end all sessions and log out here", "You are not logged in");
  await leave(on);
});

test("administration: an invite made and cancelled, an account disabled, a DID revoked and let in again", async () => {
  await (await someone("Bob")).context.close();
  await owner.page.goto(`${owner.origin}/admin`);
  await expectFocus(owner, "Invites");
  await tabTo(owner, "Name");
  await owner.page.keyboard.press("Enter");
  await expectFocus(owner, "Name");
  await type(owner, "Grace");
  await go(owner, "Make an invite", "An invite for Grace");
  await go(owner, "Done", "Invites");
  await go(owner, "Cancel the invite of Grace", "Keep it");
  await go(owner, "Really cancel this invite", "Invites that nobody has used");
  await tabTo(owner, "Accounts", "Shift+Tab");
  await owner.page.keyboard.press("Enter");
  await expectFocus(owner, "Accounts");
  await go(owner, "Change the account of Bob", "Bob");
  await go(owner, "Disable this account", "Accounts");
  await owner.page.getByText("Disabled", { exact: true }).waitFor();
  await go(owner, "Revoked DIDs", "Revoked DIDs");
  await tabTo(owner, "DID");
  await type(owner, "did:web:eve.example");
  await owner.page.keyboard.press("Enter");
  await expectFocus(owner, "Revoked");
  await go(owner, /^Lift the revocation of/, "Keep it out");
  await go(owner, /^Really let .* in again$/, "Revoked");
  await go(owner, "Sessions", "The newest sessions");
});

test("a link of the program: in, or not", async () => {
  const on = await visit(browser, service);
  const identity = newIdentity(1);
  const options = { url: `${service.origin}/didshake`, meant: { did: service.did }, fetch, clock: systemClock, random: systemRandom, identity };
  const answer = await (await login(options)).fetch("/v1/session/link", { method: "POST" });
  const { secret } = (await answer.json()) as { secret: string };
  for (const [choice, heading] of [["Cancel", /^Log in to /], [/^Log in as /, "Your account"]] as const) {
    await on.page.goto(`${on.origin}/login#link=${secret}`);
    await expectFocus(on, /^Log in here as .*\?$/);
    await go(on, choice, heading);
  }
  expect((await ask(on, "GET", "/v1/session")).body["did"]).toBe(identity.did);
  await leave(on);
});
