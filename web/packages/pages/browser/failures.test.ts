import type { Browser, Route } from "playwright-core";
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

/** No login has happened: no cookie, and a page that does not say otherwise. */
async function stillOut({ context, page }: Visit): Promise<void> {
  expect(await context.cookies()).toEqual([]);
  expect(await page.getByText("You are logged in").count()).toBe(0);
}

test("plain http on a network: no WebCrypto", async () => {
  const on = await visit(browser, service, () => {
    Object.defineProperty(globalThis, "isSecureContext", { value: false });
    Object.defineProperty(Crypto.prototype, "subtle", { value: undefined });
  });
  await on.page.goto(`${on.origin}/login`);
  await heading(on, "This address is not secure enough for a key");
  await look(on, "failure-insecure");
  await leave(on);
});

test("a browser without WebCrypto", async () => {
  const on = await visit(browser, service, () => Object.defineProperty(Crypto.prototype, "subtle", { value: undefined }));
  await on.page.goto(`${on.origin}/login`);
  await heading(on, "Your browser cannot make keys");
  await look(on, "failure-no-webcrypto");
  await leave(on);
});

test("a browser that keeps nothing", async () => {
  const on = await visit(browser, service, () => {
    IDBFactory.prototype.open = () => {
      throw new DOMException("denied", "SecurityError");
    };
  });
  await on.page.goto(`${on.origin}/login`);
  await heading(on, "Your browser keeps nothing for this site");
  await look(on, "failure-no-storage");
  await leave(on);
});

test("a browser without Ed25519 makes a P-256 key, and it logs in", async () => {
  const on = await visit(browser, service, () => {
    // the empty page before the first one is no secure context
    if (!isSecureContext) return;
    const { generateKey } = SubtleCrypto.prototype;
    SubtleCrypto.prototype.generateKey = function (this: SubtleCrypto, ...all: Parameters<typeof generateKey>) {
      if ((all[0] as Algorithm).name === "Ed25519") throw new DOMException("unknown", "NotSupportedError");
      return generateKey.apply(this, all);
    } as typeof generateKey;
  });
  const name = "a-name-of-forty-characters-and-no-breaks";
  await createKey(on, name);
  await look(on, "login-long-name");
  await logIn(on, name);
  await on.page.goto(`${on.origin}/account`);
  await on.page.getByText(`${name} (ES256)`).waitFor();
  await look(on, "account-long-name");
  await leave(on);
});

test("the browser has deleted the key", async () => {
  const on = await visit(browser, service);
  await createKey(on, "laptop");
  await logIn(on, "laptop");
  await on.context.clearCookies();
  // a page without script of ours, so that nothing holds the databases
  await on.page.goto(`${on.origin}/assets/icon.svg`);
  await on.page.evaluate(async () => {
    for (const { name } of await indexedDB.databases()) {
      await new Promise((resolve) => { indexedDB.deleteDatabase(name as string).onsuccess = resolve; });
    }
  });
  await on.page.goto(`${on.origin}/login`);
  await heading(on, "Your key is gone");
  await on.page.getByText("laptop").waitFor();
  await look(on, "failure-key-gone");
  await press(on, "Go on and create a new key");
  await createKey(on, "laptop");
  await logIn(on, "laptop");
  await leave(on);
});

test("another identity than the one that is known is never accepted by itself", async () => {
  const before = await startService();
  const on = await visit(browser, before);
  await createKey(on, "laptop");
  await logIn(on, "laptop");
  await before.stop();
  const after = await startService({ port: before.port });
  try {
    await on.context.clearCookies();
    await on.page.goto(`${on.origin}/login`);
    await heading(on, "The identity of this service has changed");
    await on.page.getByText(before.did).waitFor();
    await on.page.getByText(after.did).waitFor();
    await look(on, "failure-changed");
    await on.page.reload();
    await heading(on, "The identity of this service has changed");
    expect(await on.page.getByRole("button", { name: /Log in as/ }).count()).toBe(0);
    await on.page.getByText("I have asked the operator").click();
    await look(on, "failure-changed-asked");
    await press(on, "I checked with the operator; trust the new identity");
    await on.page.getByText(/when you confirmed it with the operator/).waitFor();
    await logIn(on, "laptop");
    await leave(on);
  } finally {
    await after.stop();
  }
});

test("a service whose policy refuses", async () => {
  const strict = await startService({ rules: "nobody" });
  try {
    const on = await visit(browser, strict);
    await createKey(on, "stranger");
    let held: Route | undefined;
    await on.page.route("**/didshake", (route) => { held = route; }, { times: 1 });
    await press(on, "Log in as stranger");
    await expect.poll(() => held).toBeDefined();
    await look(on, "login-under-way");
    await held?.continue();
    await heading(on, "The service did not let you in");
    await on.page.getByText("denied (alert 49)").waitFor();
    await on.page.getByRole("button", { name: "Copy your DID" }).waitFor();
    await look(on, "failure-refused");
    await on.page.getByText("What happened until then").click();
    await look(on, "failure-steps");
    expect(await on.page.locator(".steps .done .label").allTextContents()).toEqual(["Hello sent", "The service proved who it is"]);
    expect(await on.page.locator(".steps .failed .label").textContent()).toBe("You prove who you are: this failed");
    await stillOut(on);
    await press(on, "Try again");
    await on.page.getByRole("button", { name: "Log in as stranger" }).waitFor();
    expect(await on.page.locator("main").textContent()).toContain("You have not been here before");
    await leave(on);
  } finally {
    await strict.stop();
  }
});

test("somebody else answers in the service's place: nothing goes on", async () => {
  const other = await startService();
  const on = await visit(browser, service);
  await createKey(on, "laptop");
  const finishes: number[] = [];
  await on.page.route("**/didshake", async (route: Route) => {
    const body = route.request().postDataBuffer();
    if (body?.[0] === 3) finishes.push(body.length);
    // a relay to another service, which signs for its own origin and its own DID
    const response = await fetch(`${other.origin}/didshake`, {
      method: "POST", headers: { "content-type": route.request().headers()["content-type"] ?? "" }, body: new Uint8Array(body ?? []),
    });
    await route.fulfill({ status: response.status, headers: Object.fromEntries(response.headers), body: Buffer.from(await response.arrayBuffer()) });
  });
  await press(on, "Log in as laptop");
  await heading(on, "This may not be the service it says it is");
  await look(on, "failure-not-proved");
  expect(finishes).toEqual([]);
  await stillOut(on);
  await other.stop();
  await leave(on);
});

test("a clock that is three hours ahead", async () => {
  const on = await visit(browser, service);
  await on.page.clock.install({ time: Date.now() + 3 * 3_600_000 });
  await createKey(on, "laptop");
  await press(on, "Log in as laptop");
  await heading(on, "This device's clock is wrong");
  await on.page.getByText(/It is 3 hours ahead of the service's clock/).waitFor();
  await look(on, "failure-clock");
  await stillOut(on);
  await leave(on);
});

test("too many attempts, maintenance, nobody there, no network: each is said, and trying again helps", async () => {
  const on = await visit(browser, service);
  await createKey(on, "laptop");
  const cases: [string, string, string, (route: Route) => Promise<void>][] = [
    ["busy", "Too many attempts", "Try again in 30 seconds.", (route) => route.fulfill({ status: 429, headers: { "Retry-After": "30" } })],
    ["maintenance", "The service does not answer", "it may be in maintenance", (route) => route.fulfill({ status: 503, headers: { "Retry-After": "120" } })],
    ["offline", "The service does not answer", "Check that this device is online", (route) => route.abort("internetdisconnected")],
    ["portal", "Something else answered in the service's place", "log in there first", (route) => route.fulfill({ status: 200, contentType: "text/html", body: "<p>Welcome" })],
    ["incompatible", "The two sides do not understand each other", "of different versions",
      (route) => route.fulfill({ status: 401, contentType: "application/didshake", body: Buffer.from([15, 70]) })],
    // nobody has proved anything yet: this is not the page of the policy
    ["denied-early", "The two sides do not understand each other", "alert 49",
      (route) => route.fulfill({ status: 401, contentType: "application/didshake", body: Buffer.from([15, 49]) })],
  ];
  for (const [name, title, text, answer] of cases) {
    await on.page.route("**/didshake", answer);
    await press(on, "Log in as laptop");
    await heading(on, title);
    await on.page.getByText(text).waitFor();
    await look(on, `failure-${name}`);
    await stillOut(on);
    await on.page.unroute("**/didshake");
    await press(on, "Try again");
    await on.page.getByRole("button", { name: "Log in as laptop" }).waitFor();
  }
  await logIn(on, "laptop");
  await leave(on);
});

test("a service that does not say who it is, or cannot", async () => {
  const on = await visit(browser, service);
  for (const [status, title] of [[404, "The service does not say who it is"], [429, "Too many attempts"], [503, "The service does not answer"]] as const) {
    await on.page.route("**/.well-known/didshake", (route) => route.fulfill({ status }));
    await on.page.goto(`${on.origin}/login`);
    await heading(on, title);
    if (status === 404) await look(on, "failure-no-claim");
    await on.page.unroute("**/.well-known/didshake");
    await press(on, "Try again");
    await heading(on, /^Log in to/);
  }
  await leave(on);
});

test("a service that refuses the cookie", async () => {
  const on = await visit(browser, service);
  await createKey(on, "laptop");
  await on.page.route("**/v1/session/cookie", (route) => route.fulfill({ status: 403 }));
  await press(on, "Log in as laptop");
  await heading(on, "The login did not hold");
  await look(on, "failure-cookie");
  await stillOut(on);
  await leave(on);
});
