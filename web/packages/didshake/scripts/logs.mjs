// did:webvh in a real Chromium: logs of this server's own, resolved with the browser's fetch, and what it keeps of them.
import { same } from "./same.mjs";

const PATHS = { "/history/did.jsonl": "history", "/moved/did.jsonl": "moved" };

/** Two versions of a log at this origin, the newer one first, and a log behind a redirect. */
export async function logsAt(vite, origin) {
  const { makeLog } = await vite.ssrLoadModule("/test/support/logs.ts");
  const place = new URL(origin).host.replace(":", "%3A");
  const [older, newer, moved] = [await makeLog(`${place}:history`, {}), await makeLog(`${place}:history`, {}, {}), await makeLog(`${place}:moved`, {})];
  const logs = { dids: [newer.did, moved.did], newest: newer.versions[1], bytes: newer.bytes, takeBack: () => void (logs.bytes = older.bytes) };
  logs.serve = (request, response) => {
    const name = PATHS[request.url];
    if (name === "history") response.writeHead(200).end(logs.bytes);
    if (name === "moved") response.writeHead(302, { Location: "/history/did.jsonl" }).end();
    return name !== undefined;
  };
  return logs;
}

const lookUp = (page, did) => page.evaluate((one) => globalThis.didshakeTests.logs.lookUp(one), did);

/** Before a restart of the browser. */
export async function lookUpLogs(page, { dids: [history, moved], newest }) {
  same(await lookUp(page, history), newest, "a log");
  same(await lookUp(page, moved), "redirect", "a log behind a redirect");
  same(await page.evaluate(() => globalThis.didshakeTests.logs.remember()), 4, "what is kept of logs");
}

/** After it: what was seen is still known. */
export async function takeBackLogs(page, logs) {
  same(await lookUp(page, logs.dids[0]), logs.newest, "a log after a restart");
  logs.takeBack();
  same(await lookUp(page, logs.dids[0]), "rolled_back", "an older log after a restart");
  console.log("logs of did:webvh: resolved, and an older one refused after a restart");
}
