import { el } from "./dom.js";
import { count } from "./format.js";
import { KINDS, type Kind, type Result } from "./vector-run.js";
import { fold, section } from "./view.js";

/** The results as tables and a list, which a filter narrows. */
export function matrix(results: readonly Result[]): HTMLElement {
  const text = el("input", { type: "search", id: "filter", autocomplete: "off", spellcheck: "false" });
  const failedOnly = el("input", { type: "checkbox", id: "failed-only" });
  const shown = el("p", { role: "status", class: "hint" });
  const out = el("div", {});
  const update = (): void => {
    const found = results.filter((result) => matches(result, text.value.trim().toLowerCase()) && !(failedOnly.checked && result.fault === undefined));
    shown.textContent = `${count(found.length, "run")} shown.`;
    out.replaceChildren(...(found.length > 0 ? tables(found) : []));
  };
  text.addEventListener("input", update);
  failedOnly.addEventListener("change", update);
  update();
  return el("div", {},
    el("form", { class: "filter", onsubmit: (event) => event.preventDefault() },
      el("label", { for: "filter" }, "Filter by name, requirement or words"), text,
      el("label", { class: "check", for: "failed-only" }, failedOnly, "Only what failed")),
    shown, out);
}

function matches({ id, about, requirements, area }: Result, words: string): boolean {
  return words === "" || [id, about, area, ...requirements].some((text) => text.toLowerCase().includes(words));
}

function tables(results: readonly Result[]): HTMLElement[] {
  const kinds = (Object.keys(KINDS) as Kind[]).map((kind): Row => [KINDS[kind], results.filter((result) => result.kind === kind)]);
  const failed = results.filter(({ fault }) => fault !== undefined);
  const names = [...new Set(results.flatMap(({ requirements }) => requirements))].sort(byRequirement);
  const requirements = names.map((name): Row => [name, results.filter((result) => result.requirements.includes(name))]);
  return [
    ...(failed.length > 0 ? [section("What failed", ...failed.map(resultFold))] : []),
    section("By kind", table("Kind", kinds.filter(([, found]) => found.length > 0))),
    section("By requirement", fold(count(names.length, "requirement"), table("Requirement", requirements))),
    section("Every vector", fold(count(results.length, "run"), el("ul", { class: "runs" }, ...results.map(line)))),
  ];
}

type Row = readonly [name: string, found: readonly Result[]];

function table(heading: string, rows: readonly Row[]): HTMLElement {
  const head = [heading, "Run", "Passed", "Failed"].map((name) => el("th", { scope: "col" }, name));
  return el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows.map(tableRow)));
}

function tableRow([name, found]: Row): HTMLElement {
  const failed = found.filter(({ fault }) => fault !== undefined).length;
  return el("tr", { class: failed > 0 && "failed" }, el("th", { scope: "row" }, name),
    ...[found.length, found.length - failed, failed].map((number) => el("td", {}, String(number))));
}

function line(result: Result): HTMLElement {
  const { id, kind, about, fault } = result;
  const state = el("span", { class: fault === undefined ? "passed" : "failed" }, fault === undefined ? "passed" : "failed");
  return el("li", {}, state, " ", el("code", {}, id), kind === "signed" && " (signed by this browser)", el("span", { class: "hint" }, ` ${about}`));
}

function resultFold({ id, kind, about, requirements, fault }: Result): HTMLElement {
  return fold(`${id}: failed`, el("p", {}, KINDS[kind], ": ", about), el("p", {}, "What came: ", el("code", {}, fault ?? "")),
    el("p", { class: "hint" }, requirements.join(", ")));
}

/** `R-REQ-2` before `R-REQ-10`. */
function byRequirement(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
