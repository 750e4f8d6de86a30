import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock, systemRandom } from "../../didshake/src/config.js";
import { login, type LoginSession } from "../../didshake/src/login.js";
import { newIdentity } from "../../didshake/test/support/loopback.js";
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

/** A login as the program does it, and the link that it prints. */
async function programLink(): Promise<{ session: LoginSession; link: string; secret: string }> {
  const session = await login({
    url: `${service.origin}/didshake`, meant: { did: service.did }, fetch, clock: systemClock, random: systemRandom, identity: newIdentity(1),
  });
  const answer = await session.fetch("/v1/session/link", { method: "POST" });
  expect(answer.status).toBe(201);
  const { secret } = (await answer.json()) as { secret: string };
  return { session, secret, link: `${service.origin}/login#link=${secret}` };
}

test("a link says who comes in, warns, and logs in once", async () => {
  const on = await visit(browser, service);
  const sent: string[] = [];
  on.context.on("request", (request) => sent.push(request.url(), ...Object.values(request.headers())));
  const { session, link, secret } = await programLink();
  await on.page.goto(link.replace("/login#", "/login?to=/vectors#"));
  await heading(on, /^Log in here as (\w+ ){3}\w+\?$/);
  expect(on.page.url()).toBe(`${on.origin}/login?to=/vectors`);
  await on.page.getByText("If you did not start this yourself, close this page.").waitFor();
  await on.page.getByText(session.own.did).waitFor();
  await look(on, "link");
  expect(await on.context.cookies()).toEqual([]);
  await on.page.getByRole("button", { name: /^Log in as/ }).click();
  await on.page.waitForURL(`${on.origin}/vectors`);
  expect(sent.filter((text) => text.includes(secret))).toEqual([]);
  await on.page.goto(`${on.origin}/account`);
  await heading(on, "Your account");
  await on.page.getByText(session.own.did).first().waitFor();
  // the key is where the program is: nothing here can sign
  await on.page.getByText("log in with a key of this browser").waitFor();
  expect(await on.page.getByRole("button", { name: "Add a device" }).count()).toBe(0);
  await on.page.goto(link);
  await heading(on, "This link is used up or over");
  await look(on, "link-over");
  await leave(on);
});

test("whoever cancels is not logged in, and may log in otherwise", async () => {
  const on = await visit(browser, service);
  await createKey(on, "laptop");
  const { link } = await programLink();
  // the page is open: only the fragment changes
  await on.page.goto(link);
  await heading(on, /^Log in here as/);
  await press(on, "Cancel");
  await heading(on, /^Log in to/);
  expect(await on.context.cookies()).toEqual([]);
  await logIn(on, "laptop");
  await on.page.goto((await programLink()).link);
  await on.page.getByText(/The new one takes its place, and the other ends/).waitFor();
  await look(on, "link-session");
  await leave(on);
});
