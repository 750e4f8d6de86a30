import "./style.css";
import { button, el } from "./dom.js";
import { failureOf, noWebCrypto } from "./failure.js";
import { showFailure } from "./failure-page.js";
import { count } from "./format.js";
import { matrix } from "./matrix.js";
import { Refused } from "./session.js";
import { promised, runAll, type Result, type ServedVectors } from "./vector-run.js";
import { show, waiting } from "./view.js";

async function start(): Promise<void> {
  if (!globalThis.isSecureContext || globalThis.crypto?.subtle === undefined) return showFailure(noWebCrypto(), () => location.reload());
  try {
    await run(await fetchVectors());
  } catch (fault) {
    showFailure(failureOf(fault), start);
  }
}

async function fetchVectors(): Promise<ServedVectors> {
  const response = await fetch("/vectors.json", { credentials: "omit" }).catch(() => undefined);
  if (response?.ok !== true) throw new Refused(response?.status ?? 0, response?.headers.get("retry-after") ?? null);
  return (await response.json()) as ServedVectors;
}

function intro(set: ServedVectors): HTMLElement {
  return el("p", {}, `didshake is defined by a text and by ${count(set.index.vectors.length, "vector")}: recorded handshakes, requests and histories of DIDs, `,
    "most of them with exactly one fault that every implementation has to refuse for the same reason. ",
    "Here the implementation of this very page runs them all, in your browser.");
}

async function run(set: ServedVectors): Promise<void> {
  const bar = el("progress", { value: 0, max: 1, "aria-label": "Vectors that ran" });
  const said = el("p", { class: "waiting" }, "Running…");
  show({ title: "Test vectors", body: [intro(set), bar, said] });
  const began = performance.now();
  const results = await runAll(set, async (done, of) => {
    bar.value = done / of;
    said.textContent = `${done} of ${of}`;
    await painted();
  });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  show({ title: "Test vectors", body: [intro(set), verdict(results, promised(set), seconds), matrix(results)] });
}

/** Lets the browser draw; a page in the background goes on too. */
function painted(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function verdict(results: readonly Result[], due: number, seconds: string): HTMLElement {
  const passed = results.filter(({ fault }) => fault === undefined).length;
  const good = passed === due && results.length === due;
  const text = good ? `All ${count(due, "run")} passed` : `${passed} of ${count(due, "run")} passed`;
  return el("div", { class: good ? "verdict passed" : "verdict failed", role: "status" }, el("strong", {}, text),
    el("span", {}, ` in ${seconds} s, by ${navigator.userAgent}`), el("p", { class: "actions" }, button("Run again", start)));
}

show(waiting("Test vectors"));
void start();
