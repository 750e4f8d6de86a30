import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type axe from "axe-core";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { expect } from "vitest";
import type { Service } from "./start.js";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-domain-reliability", "--no-pings",
  "--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SCREENSHOTS = process.env["SCREENSHOTS"];

export function launch(): Promise<Browser> {
  if (!existsSync(executablePath)) throw new Error(`no Chromium at ${executablePath}: install it, or name it in CHROMIUM`);
  return chromium.launch({ executablePath, args: FLAGS, headless: true });
}

/** A browser profile of its own that visits one service, and everything that went wrong in it. */
export interface Visit {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly origin: string;
  /** Requests to elsewhere, violations of the policy, errors of scripts. */
  readonly faults: string[];
}

export async function visit(browser: Browser, { origin }: Pick<Service, "origin">, init?: () => void): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce", locale: "en-GB" });
  const faults: string[] = [];
  context.on("request", (request) => request.url().startsWith(`${origin}/`) || faults.push(`a request to ${request.url()}`));
  context.on("weberror", (fault) => faults.push(`page error: ${fault.error().message}`));
  context.on("console", (message) => {
    // a refusal is a failed load to the browser, and belongs to what is tested
    const load = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !load) faults.push(`console: ${message.text()}`);
  });
  if (init !== undefined) await context.addInitScript(init);
  return { context, page: await context.newPage(), origin, faults };
}

/** Ends the visit; nothing must have gone wrong in it. */
export async function leave({ context, faults }: Visit): Promise<void> {
  await context.close();
  expect(faults).toEqual([]);
}

/** Waits for the heading of a view. */
export async function heading({ page }: Visit, name: string | RegExp): Promise<void> {
  await page.getByRole("heading", { level: 1, name }).waitFor();
}

export async function press({ page }: Visit, name: string): Promise<void> {
  await page.getByRole("button", { name, exact: true }).click();
}

export async function createKey(on: Visit, name: string): Promise<void> {
  await on.page.goto(`${on.origin}/login`);
  await fillName(on, name);
}

/** Creates a key where the page asks for one. */
export async function fillName(on: Visit, name: string, submit = "Create a key on this device"): Promise<void> {
  await on.page.getByLabel("What shall it be called?").fill(name);
  await press(on, submit);
  await on.page.getByRole("button", { name: `Log in as ${name}` }).waitFor();
}

export async function logIn(on: Visit, name: string): Promise<void> {
  await press(on, `Log in as ${name}`);
  await heading(on, `You are logged in as ${name}`);
}

/** The view in light and dark, wide and narrow: nothing serious for axe, nothing wider than the window, a picture where they are wanted. */
export async function look({ page }: Visit, name: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [1280, 360]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: 900 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth), `${name} at ${width} px`).toBeLessThanOrEqual(width);
      await picture(page, `${name}-${colorScheme}-${width}`);
    }
    // at the width where most can go wrong; what axe finds hardly depends on it
    expect(await violations(page), `${name}, ${colorScheme}`).toEqual([]);
  }
  await page.setViewportSize({ width: 1280, height: 900 });
}

/** A picture of the whole page, where they are wanted. */
export async function picture(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS === undefined) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}

async function violations(page: Page): Promise<string[]> {
  // evaluated by the debugger, which the page's policy does not bind
  await page.evaluate(AXE);
  const { violations: found } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
  return found.filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}
