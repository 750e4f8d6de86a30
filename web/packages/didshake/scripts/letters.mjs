// Letters in a real Chromium: a page of a relay's origin is owner and depositor there, over the program that DIDSHAKE names.
import { same } from "./same.mjs";

/** The relay serves no page of tests: this one is put in its place, at its origin. */
async function openAt(context, origin, script, foreign) {
  const page = await context.newPage();
  page.on("pageerror", (fault) => foreign.push(`page error: ${fault.message}`));
  const answer = (contentType, body) => (route) => route.fulfill({ contentType, body });
  await page.route(`${origin}/tests/`, answer("text/html", "<!doctype html><title>letters</title><script type=module src=main.js></script>"));
  await page.route(`${origin}/tests/main.js`, answer("text/javascript", script));
  await page.goto(`${origin}/tests/`);
  await page.waitForFunction(() => "didshakeTests" in globalThis);
  return page;
}

/** The connections on which the browser asked for something, by what it was. */
async function watch(context, page) {
  const session = await context.newCDPSession(page);
  const seen = { deposits: new Set(), signed: new Set() };
  session.on("Network.responseReceived", ({ response: { url, connectionId } }) => {
    const path = new URL(url).pathname;
    if (path.startsWith("/m/")) seen.deposits.add(connectionId);
    if (path.startsWith("/v1/") || path === "/didshake") seen.signed.add(connectionId);
  });
  await session.send("Network.enable");
  return seen;
}

/** `elsewhere` is a page of another origin. Fails unless letters come once, in order, over both ways, and no connection is an owner's and a depositor's (R-RLY-8). */
export async function runLetters(context, relay, { script, foreign, elsewhere }) {
  const page = await openAt(context, relay.origin, script, foreign);
  const seen = await watch(context, page);
  const call = (where, name, ...given) => where.evaluate(([one, all]) => globalThis.didshakeTests.relay[one](...all), [name, given]);
  const words = ["one", "two", "three"];
  same(await call(page, "letters", relay.did, words, "events"), words, "letters over events");
  await page.reload();
  await page.waitForFunction(() => "didshakeTests" in globalThis);
  same(await call(page, "stored"), { keys: 1, unfinished: ["one"] }, "what is stored after a reload");
  same(await call(page, "letters", relay.did, ["four", "five"], "poll"), ["four", "five"], "letters by polling");
  // A page of another origin may leave letters here, and read what it is answered (R-RLY-12).
  same(await call(elsewhere, "leave", await call(page, "invited", relay.did), ["six"]), ["waiting", "token"], "letters from another origin");
  const shared = [...seen.deposits].filter((id) => seen.signed.has(id));
  same([seen.deposits.size > 0, seen.signed.size > 0, shared], [true, true, []], "connections");
  same(await call(page, "keep", 40), 40, "letters that are new");
  const other = await openAt(context, relay.origin, script, foreign);
  const [here, there] = await Promise.all([call(page, "take"), call(other, "take")]);
  const all = [...here, ...there];
  same(all.sort((a, b) => a - b), Array.from({ length: 40 }, (_, at) => at), "letters handed out in two tabs");
  same([here, there].map((some) => some.every((id, at) => at === 0 || id > some[at - 1])), [true, true], "their order");
  same(await call(page, "keep", 1), 1, "what has expired is forgotten");
  console.log(`letters at a relay: 5 over ${seen.deposits.size} and ${seen.signed.size} connections; 40 handed out in two tabs, ${here.length} in one`);
}
