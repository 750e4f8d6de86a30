import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { count } from "../src/format.js";
import type { ServedVectors } from "../src/vector-run.js";
import { startService, type Service } from "./support/start.js";
import { heading, launch, leave, look, press, visit } from "./support/visit.js";

let browser: Browser;
let service: Service;

beforeAll(async () => {
  [browser, service] = await Promise.all([launch(), startService()]);
});

afterAll(async () => {
  await browser.close();
  await service.stop();
});

test("all vectors pass in the browser, and a filter narrows what is shown", async () => {
  const on = await visit(browser, service);
  const { page } = on;
  await page.goto(`${on.origin}/vectors`);
  const served = (await (await page.request.get(`${on.origin}/vectors.json`)).json()) as ServedVectors;
  const { positives, negatives, request_positives, request_negatives, webvh_positives, webvh_negatives } = served.index;
  const kinds = [positives, positives, negatives, request_positives, request_negatives, webvh_positives, webvh_negatives];
  const due = kinds.reduce((sum, one) => sum + one, 0);
  await page.getByText(`All ${count(due, "run")} passed`).waitFor({ timeout: 200_000 });
  const passed = await page.locator("section", { hasText: "By kind" }).locator("tbody td:nth-of-type(2)").allTextContents();
  expect(passed.map(Number)).toEqual(kinds);
  await look(on, "vectors");
  await page.getByLabel("Filter by name, requirement or words").fill("R-RETRY-2");
  await page.getByText("2 runs shown.").waitFor();
  await page.getByText("1 requirement", { exact: true }).click();
  await page.getByText("Every vector").waitFor();
  await page.getByText("2 runs", { exact: true }).click();
  await look(on, "vectors-filtered");
  await page.getByLabel("Only what failed").check();
  await page.getByText("0 runs shown.").waitFor();
  await leave(on);
});

test("a vector that fails is counted and says why; one that is missing is noticed", async () => {
  const on = await visit(browser, service);
  const { page } = on;
  const served = (await (await page.request.get(`${on.origin}/vectors.json`)).json()) as ServedVectors;
  const set = (drop: number) => {
    const handshakes = served.handshakes.slice(drop, 12);
    const none = { negatives: 0, request_positives: 0, request_negatives: 0, webvh_positives: 0, webvh_negatives: 0 };
    const index = { ...served.index, ...none, positives: 12 };
    const broken = handshakes.map((vector, at) => (at === 0 ? { ...vector, handshake: { ...vector.handshake, th2: "00" } } : vector));
    return { index, handshakes: drop > 0 ? handshakes : broken, requests: [], webvh: [] };
  };
  await page.route("**/vectors.json", (route) => route.fulfill({ json: set(0) }));
  await page.goto(`${on.origin}/vectors`);
  await page.getByText("23 of 24 runs passed").waitFor();
  await page.getByText(`${served.handshakes[0]?.id}: failed`).click();
  await page.getByText(/^What came: th2: [0-9a-f]{64} instead of 00/).waitFor();
  await look(on, "vectors-failed");
  await page.unroute("**/vectors.json");
  await page.route("**/vectors.json", (route) => route.fulfill({ json: set(1) }));
  await press(on, "Run again");
  await page.getByText("22 of 24 runs passed").waitFor();
  await page.unroute("**/vectors.json");
  await page.route("**/vectors.json", (route) => route.fulfill({ status: 404 }));
  await press(on, "Run again");
  await heading(on, "Something else answered in the service's place");
  await leave(on);
});
