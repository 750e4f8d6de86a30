// All vectors, the WebCrypto keys and letters in a real Chromium, served from 127.0.0.1. CHROMIUM names another executable, DIDSHAKE
// the program whose relay carries the letters.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { build, createServer } from "vite";
import { runLetters } from "./letters.mjs";
import { logsAt, lookUpLogs, takeBackLogs } from "./logs.mjs";
import { same } from "./same.mjs";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const root = fileURLToPath(new URL("..", import.meta.url));
const VECTORS = fileURLToPath(new URL("../../../../vectors/", import.meta.url));
const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-domain-reliability", "--no-pings",
  "--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

function vectorSet() {
  const folder = (name) => readdirSync(VECTORS + name).map((file) => JSON.parse(readFileSync(join(VECTORS, name, file), "utf8")));
  const index = JSON.parse(readFileSync(`${VECTORS}index.json`, "utf8"));
  const handshakes = [...folder("positive"), ...folder("negative")];
  return { index, handshakes, requests: folder("request"), mailbox: folder("mailbox"), card: folder("card"), webvh: folder("webvh") };
}

async function bundle() {
  const { output } = await build({
    root, configFile: false, logLevel: "error",
    build: { write: false, target: "es2022", modulePreload: false, rollupOptions: { input: "browser/main.ts", output: { format: "es", inlineDynamicImports: true } } },
  });
  return output.find(({ type }) => type === "chunk").code;
}

/** The test service of the Node tests, at the origin of this server. */
async function serviceAt(vite, origin) {
  const { testService } = await vite.ssrLoadModule("/test/support/service.ts");
  return testService({ prologue: new TextEncoder().encode(origin), clock: () => Math.floor(Date.now() / 1000) });
}

function bodyOf(request) {
  return new Promise((resolve, reject) => {
    const parts = [];
    let length = 0;
    request.on("data", (part) => {
      length += part.length;
      if (length <= 65_536) parts.push(part);
    });
    request.on("end", () => resolve(new Uint8Array(Buffer.concat(parts))));
    request.on("error", reject);
  });
}

async function serve(vite) {
  const script = await bundle();
  const pages = new Map([
    ["/", ["text/html", "<!doctype html><title>didshake</title><script type=module src=/main.js></script>"]],
    ["/main.js", ["text/javascript", script]],
    ["/vectors.json", ["application/json", JSON.stringify(vectorSet())]],
  ]);
  let [service, logs] = [];
  const server = createHttpServer(async (request, response) => {
    if (logs?.serve(request, response)) return;
    const page = pages.get(request.url);
    if (page !== undefined) return response.writeHead(200, { "Content-Type": page[0] }).end(page[1]);
    const path = request.url.split("?", 1)[0];
    if (path !== "/didshake" && path !== "/whoami") return response.writeHead(404).end();
    const { method, headers } = request;
    const answer = await service.fetch(origin + request.url, { method, headers, body: await bodyOf(request) });
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  [service, logs] = [await serviceAt(vite, origin), await logsAt(vite, origin)];
  return { server, origin, service, logs, script };
}

/** A responder that sends back what comes, and cuts the connection at `cut`. */
async function echoAt(vite) {
  const { listening } = await vite.ssrLoadModule("/test/support/sockets.ts");
  const { listener, options } = await listening({ responder: { clock: () => Math.floor(Date.now() / 1000) } });
  listener.onChannel = async (channel, socket) => {
    for await (const message of channel) {
      if (message.length === "cut".length && message[0] === 0x63) return socket.terminate();
      await channel.send(message);
    }
  };
  return { url: listener.url, did: options.meant.did, stop: listener.stop };
}

/** Everything that is done in the browser; the page is reloaded, and the browser restarted, between making and using keys. */
async function runPages({ origin, service, logs, echo, relay, script }, profile) {
  const launch = () => chromium.launchPersistentContext(profile, { executablePath, args: FLAGS, headless: true });
  const foreign = [];
  const open = async (context) => {
    const known = [origin, relay.origin];
    context.on("request", (request) => known.includes(new URL(request.url()).origin) || foreign.push(request.url()));
    const page = await context.newPage();
    page.on("pageerror", (fault) => foreign.push(`page error: ${fault.message}`));
    await page.goto(`${origin}/`);
    await page.waitForFunction(() => "didshakeTests" in globalThis);
    return page;
  };
  let context = await launch();
  try {
    let page = await open(context);
    console.log(`Chromium ${context.browser()?.version() ?? "?"}`);
    const { index } = vectorSet();
    const report = await page.evaluate(() => globalThis.didshakeTests.vectors());
    same(report.failures, [], "failures");
    same(report.handshakes, index.positives + index.negatives, "handshake vectors");
    same(report.signed, index.positives, "positives signed by the platform");
    same(report.requests, index.request_positives + index.request_negatives, "request vectors");
    same(report.letters, index.mailbox_positives + index.mailbox_negatives, "mailbox vectors");
    same(report.cards, index.card_positives + index.card_negatives, "card vectors");
    same(report.logs, index.webvh_positives + index.webvh_negatives, "vectors of did:webvh");
    const others = `${report.requests} requests, ${report.letters} of mailboxes, ${report.cards} cards, ${report.logs} logs`;
    console.log(`vectors in the browser: ${report.handshakes} handshakes, ${others} ran`);
    console.log(`positives whose signatures the platform made, verified and not compared: ${report.signed}`);
    await lookUpLogs(page, logs);
    const made = await page.evaluate(() => globalThis.didshakeTests.makeKeys());
    await page.reload();
    await page.waitForFunction(() => "didshakeTests" in globalThis);
    const reloaded = await page.evaluate(() => globalThis.didshakeTests.useKeys());
    same(reloaded.dids, made, "keys after a reload");
    await context.close();
    context = await launch();
    page = await open(context);
    const used = await page.evaluate(() => globalThis.didshakeTests.useKeys());
    same(used.dids, made, "keys after a restart");
    await takeBackLogs(page, logs);
    console.log(`keys: ${made.join(" ")}`);
    console.log(`export refused with ${used.exports.join(", ")}; ${reloaded.handshakes + used.handshakes} handshakes with WebCrypto signers`);
    const answers = await page.evaluate((did) => globalThis.didshakeTests.logIn(did), service.did);
    same(answers, made.map((did) => `200 ${did}`), "logins");
    console.log(`logins over HTTP and signed requests: ${answers.length}`);
    const said = await page.evaluate(([url, did]) => globalThis.didshakeTests.converse(url, did), [echo.url, echo.did]);
    same(said, made.flatMap(() => ["3", "65535", "truncated"]), "conversations over a WebSocket");
    const met = await page.evaluate(([at, did]) => globalThis.didshakeTests.relay.overWebSocket(at, did), [relay.origin, relay.did]);
    same(met, relay.did, "a login over a WebSocket at the program's service");
    console.log(`conversations over a WebSocket: ${made.length}, and a login at the program's service`);
    await runLetters(context, relay, { script, foreign, elsewhere: page });
    same(foreign, [], "requests to other hosts, and page errors");
  } finally {
    await context.close();
  }
}

if (!existsSync(executablePath)) {
  console.error(`no Chromium at ${executablePath}: install it, or name it in CHROMIUM`);
  process.exit(1);
}
const profile = mkdtempSync(join(tmpdir(), "didshake-chromium-"));
const vite = await createServer({ root, configFile: false, logLevel: "error", appType: "custom", server: { middlewareMode: true, ws: false, watch: null } });
const { server, origin, service, logs, script } = await serve(vite);
const echo = await echoAt(vite);
const { startRelay } = await vite.ssrLoadModule("/program/support/service.ts");
const relay = await startRelay();
try {
  await runPages({ origin, service, logs, echo, relay, script }, profile);
  console.log("browser tests passed");
} catch (fault) {
  console.error(fault);
  process.exitCode = 1;
} finally {
  echo.stop();
  await relay.stop();
  server.closeAllConnections();
  server.close();
  await vite.close();
  rmSync(profile, { recursive: true, force: true });
}
