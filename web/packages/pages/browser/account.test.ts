import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startService, type Service } from "./support/start.js";
import { createKey, heading, launch, leave, logIn, look, press, visit, type Visit } from "./support/visit.js";

let browser: Browser;
let service: Service;

beforeAll(async () => {
  [browser, service] = await Promise.all([launch(), startService()]);
});

afterAll(async () => {
  await browser.close();
  await service.stop();
});

/** So many sessions of one key; the browser forgets the cookie of each but the last. */
async function withSessions(count: number): Promise<Visit> {
  const on = await visit(browser, service);
  await createKey(on, "laptop");
  for (let i = 0; i < count; i++) {
    await on.context.clearCookies();
    await on.page.goto(`${on.origin}/login`);
    await logIn(on, "laptop");
  }
  await on.page.goto(`${on.origin}/account`);
  await heading(on, "Your account");
  return on;
}

const cards = ({ page }: Visit) => page.getByRole("heading", { name: /^From / });

test("whoever is not logged in is shown the way", async () => {
  const on = await visit(browser, service);
  await on.page.goto(`${on.origin}/account`);
  await heading(on, "You are not logged in");
  await look(on, "account-logged-out");
  await on.page.getByRole("link", { name: "Log in" }).last().click();
  await on.page.waitForURL(`${on.origin}/login?to=/account`);
  await heading(on, /^Log in to/);
  await leave(on);
});

test("sessions: where, when, which key; one ends, the others end, all end", async () => {
  const on = await withSessions(4);
  const { page } = on;
  expect(await cards(on).allTextContents()).toEqual(Array(4).fill("From 127.0.0.1"));
  expect(await page.getByText("This one", { exact: true }).count()).toBe(1);
  await page.getByText("laptop (Ed25519)").first().waitFor();
  await look(on, "account");
  await page.getByRole("button", { name: /^End the session from 127\.0\.0\.1/ }).first().click();
  await cards(on).nth(3).waitFor({ state: "detached" });
  expect(await cards(on).count()).toBe(3);
  await press(on, "End all others");
  await press(on, "Keep them");
  expect(await cards(on).count()).toBe(3);
  await press(on, "End all others");
  await look(on, "account-confirm");
  await press(on, "Really end all other sessions");
  await cards(on).nth(1).waitFor({ state: "detached" });
  expect(await cards(on).count()).toBe(1);
  expect(await page.getByRole("button", { name: "End all others" }).count()).toBe(0);
  await press(on, "End all, this one too");
  await press(on, "Really end all sessions and log out here");
  await heading(on, "You are not logged in");
  expect(await on.context.cookies()).toEqual([]);
  await page.goto(`${on.origin}/login`);
  await heading(on, /^Log in to/);
  await leave(on);
});

test("logging out ends the session at the service, too: the old cookie is no use", async () => {
  const on = await withSessions(1);
  const cookies = await on.context.cookies();
  await press(on, "Log out");
  await heading(on, "You are not logged in");
  expect(await on.context.cookies()).toEqual([]);
  await on.context.addCookies(cookies);
  await on.page.reload();
  await heading(on, "You are not logged in");
  await leave(on);
});

test("a service without its store is said to be away", async () => {
  const on = await visit(browser, service);
  await on.page.route("**/v1/session", (route) => route.fulfill({ status: 503 }));
  await on.page.goto(`${on.origin}/account`);
  await heading(on, "The service does not answer");
  await on.page.unroute("**/v1/session");
  await press(on, "Try again");
  await heading(on, "You are not logged in");
  await leave(on);
});
