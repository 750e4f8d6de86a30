import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectFocus, go, tabTo, type } from "./support/keyboard.js";
import { startService, type Service } from "./support/start.js";
import { createKey, heading, launch, leave, logIn, look, press, visit } from "./support/visit.js";

let browser: Browser;
let service: Service;

beforeAll(async () => {
  [browser, service] = await Promise.all([launch(), startService()]);
});

afterAll(async () => {
  await browser.close();
  await service.stop();
});

test("a first visit: a key, a login in four steps with their bytes, and a session that a reload keeps", async () => {
  const on = await visit(browser, service);
  await on.page.goto(`${on.origin}/login`);
  await heading(on, /^Log in to 127\.0\.0\.1/);
  expect(await on.page.locator("main").textContent()).toContain("You have not been here before");
  await on.page.getByText(service.did).waitFor();
  await look(on, "login-first");
  await on.page.getByText("What this page cannot protect you from").click();
  await look(on, "login-limits");
  await press(on, "Create a key on this device");
  await on.page.getByText("Give it a name").waitFor();
  await createKey(on, "laptop");
  await look(on, "login-key");
  await logIn(on, "laptop");
  await checkSteps(on.page.locator(".steps"));
  await look(on, "login-done");
  const cookies = await on.context.cookies();
  expect(cookies.map(({ httpOnly, secure, sameSite, path }) => ({ httpOnly, secure, sameSite, path })))
    .toEqual([{ httpOnly: true, secure: true, sameSite: expect.stringMatching(/Strict|Lax/), path: "/" }]);
  expect(cookies[0]?.name).toMatch(/^__Host-/);
  await on.page.reload();
  await heading(on, "You are logged in");
  await on.page.getByText("laptop").waitFor();
  await look(on, "login-signed-in");
  await on.page.getByRole("link", { name: "Continue" }).click();
  await heading(on, "Your account");
  await leave(on);
});

/** All four done, each with the message that belongs to it: 481 bytes in all, as the specification says. */
async function checkSteps(steps: ReturnType<import("playwright-core").Page["locator"]>): Promise<void> {
  const labels = await steps.locator(".done .label").allTextContents();
  expect(labels.slice(0, 3)).toEqual(["Hello sent", "The service proved who it is", "You proved who you are"]);
  expect(labels[3]).toMatch(/^Accepted, until \d/);
  const names = ["Hello, 94 bytes", "Reply, 215 bytes", "Finish, 147 bytes", "Accept, 25 bytes"];
  for (const [at, name] of names.entries()) {
    const summary = steps.locator("> li").nth(at).getByText(name);
    await summary.click();
  }
  expect(await steps.locator(".inspector[open] .hex").count()).toBe(4);
  expect(await steps.locator(".hex").first().textContent()).toMatch(/^0101/);
  const bytes = (await steps.locator(".hex").allTextContents()).map((text) => text.replaceAll(" ", "").length / 2);
  expect(bytes).toEqual([94, 215, 147, 25]);
}

test("the next visit takes one click, and leads to where the visitor wanted to go", async () => {
  const on = await visit(browser, service);
  await createKey(on, "desk");
  await logIn(on, "desk");
  await on.page.goto(`${on.origin}/account`);
  await press(on, "Log out");
  await heading(on, "You are not logged in");
  await on.page.goto(`${on.origin}/login?to=/vectors%3Fa=1`);
  await on.page.getByText(/known on this device since \d+ \w+ \d{4}, when you first came here/).waitFor();
  await press(on, "Log in as desk");
  await on.page.waitForURL(`${on.origin}/vectors?a=1`);
  for (const to of ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "/%09/evil.example", "account"]) {
    await on.page.goto(`${on.origin}/login?to=${encodeURIComponent(decodeURIComponent(to))}`);
    await heading(on, "You are logged in");
    expect(await on.page.getByRole("link", { name: "Continue" }).getAttribute("href"), to).toBe("/account");
  }
  await leave(on);
});

test("a second identity, another name, and the end of a key", async () => {
  const on = await visit(browser, service);
  await createKey(on, "work");
  await logIn(on, "work");
  await on.page.goto(`${on.origin}/login`);
  await press(on, "Use another identity");
  await on.page.getByText("Your keys").click();
  await on.page.getByLabel("What shall it be called?").fill("work");
  await press(on, "Create another key");
  await on.page.getByText("You have a key of this name already").waitFor();
  await on.page.getByLabel("What shall it be called?").fill("private");
  await press(on, "Create another key");
  await on.page.getByRole("button", { name: "Log in as private" }).waitFor();
  await on.page.getByText("Your keys").click();
  await look(on, "login-two-keys");
  await logIn(on, "private");
  await on.page.goto(`${on.origin}/account`);
  await on.page.getByRole("heading", { name: "private" }).waitFor();
  await on.page.goto(`${on.origin}/login`);
  await press(on, "Use another identity");
  await heading(on, /^Log in to/);
  expect(await on.page.getByRole("button", { name: /^Log in as/ }).first().textContent()).toBe("Log in as private");
  await on.page.getByText("Your keys").click();
  await press(on, "Rename private");
  await look(on, "login-rename");
  await on.page.getByLabel("New name").fill("home");
  await press(on, "Rename");
  await on.page.getByRole("button", { name: "Log in as home" }).waitFor();
  await on.page.getByText("Your keys").click();
  await press(on, "Remove work");
  await heading(on, "Remove work?");
  await look(on, "login-remove");
  await press(on, "Remove work for good");
  await on.page.getByRole("button", { name: "Log in as home" }).waitFor();
  await on.page.reload();
  await press(on, "Use another identity");
  await heading(on, /^Log in to/);
  expect(await on.page.getByRole("button", { name: /^Log in as/ }).allTextContents()).toEqual(["Log in as home"]);
  await leave(on);
});

test("the keyboard alone creates a key and logs in", async () => {
  const on = await visit(browser, service);
  await on.page.goto(`${on.origin}/login`);
  await expectFocus(on, /^Log in to /);
  await tabTo(on, "What shall it be called?");
  await type(on, "keys only");
  await on.page.keyboard.press("Enter");
  await expectFocus(on, /^Log in to /);
  await go(on, "Log in as keys only", "You are logged in as keys only");
  await go(on, "Continue", "Your account");
  await leave(on);
});
