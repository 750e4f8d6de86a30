"use strict";
// What implementations say is put in as text only, never as markup.
const data = JSON.parse(document.getElementById("data").textContent);
const names = data.implementations.map((one) => one.name);
const at = (id) => document.getElementById(id);

const KINDS = {
  passed: { sign: "✓", word: "passed" },
  failed: { sign: "✗", word: "failed" },
  expected: { sign: "!", word: "expected failure" },
  skipped: { sign: "–", word: "skipped" },
  none: { sign: "·", word: "not put to it" },
};
// Worst first: a skip hides the passes beside it.
const WORST = ["failed", "expected", "skipped", "passed", "none"];
const TIERS = ["static", "replay", "live", "matrix"];
const PAGE = 100;

function el(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

const number = (value) => value.toLocaleString("en");
const plural = (count, word) => `${number(count)} ${word}${count === 1 ? "" : "s"}`;

function time(microseconds) {
  if (microseconds < 1e3) return `${microseconds} µs`;
  return microseconds < 1e6 ? `${(microseconds / 1e3).toFixed(1)} ms` : `${(microseconds / 1e6).toFixed(1)} s`;
}

function kind(end) {
  if (end === undefined) return "none";
  if (typeof end === "number") return "passed";
  if (end.skipped !== undefined) return "skipped";
  return end.expected_failure ? "expected" : "failed";
}

// The results of a case that concern an implementation, or a pair: of the matrix, those of its pairs.
function ends(row, name) {
  const own = row.results[name];
  if (own !== undefined) return [[name, own]];
  if (row.tier !== "matrix") return [];
  return Object.entries(row.results).filter(([pair]) => pair.split("→").includes(name));
}

// Text with `code` in backticks.
function prose(text) {
  return text.split("`").map((piece, i) => (i % 2 ? el("code", null, piece) : piece));
}

// ---- the top

function verdict() {
  const { total, problems, success, seed } = data;
  const parts = [plural(total.passed, "case") + " passed", `${number(total.failed)} failed`,
    `${plural(total.expected_failures, "expected failure")}`, `${number(total.skipped)} skipped`];
  at("verdict").append(el("div", { class: `verdict ${success ? "good" : "bad"}` },
    el("strong", null, success ? "Nothing unexpected" : total.failed ? plural(total.failed, "failure") : plural(problems.length, "problem")),
    el("p", null, `${parts.join(", ")}. Seed ${seed}.`),
    problems.length ? el("details", { open: problems.length <= 4 }, el("summary", null, plural(problems.length, "problem") + " of the run"),
      el("ul", null, problems.map((problem) => el("li", null, problem)))) : null));
  document.title = `${success ? "✓" : "✗"} ${document.title}`;
}

function count(tally, outcome, filters) {
  const value = { passed: tally.passed, failed: tally.failed, expected: tally.expected_failures, skipped: tally.skipped }[outcome];
  if (!value) return el("span", { class: "zero" }, "0");
  const label = `${value} ${KINDS[outcome].word}: ${filters.implementation}, ${filters.tier}`;
  return el("button", { class: `count ${outcome}`, "aria-label": label, onclick: () => show({ ...filters, outcome }) }, number(value));
}

function cards() {
  const outcomes = ["passed", "failed", "expected", "skipped"];
  for (const { name, introduction, tiers } of data.implementations) {
    const about = introduction ? [introduction.version, introduction.language, introduction.roles.join(" and ")] : ["an endpoint"];
    const sums = { passed: 0, failed: 0, expected: 0, skipped: 0 };
    const rows = tiers.map(([tier, tally]) => {
      sums.passed += tally.passed; sums.failed += tally.failed;
      sums.expected += tally.expected_failures; sums.skipped += tally.skipped;
      const filters = { implementation: name, tier };
      return el("tr", null, el("th", { scope: "row", title: time(tally.microseconds) }, tier), outcomes.map((outcome) => el("td", null, count(tally, outcome, filters))));
    });
    const bar = outcomes.filter((outcome) => sums[outcome]).map((outcome) => el("i", { class: outcome, style: `flex-grow:${sums[outcome]}` }));
    const heads = ["passed", "failed", "expected", "skipped"].map((head) => el("th", { scope: "col", title: KINDS[head].word }, head));
    at("cards").append(el("article", { class: "card" },
      el("h3", null, name),
      el("p", null, about.filter(Boolean).join(" · ")),
      el("table", null, el("thead", null, el("tr", null, el("th", { scope: "col" }, el("span", { class: "hidden" }, "tier")), heads)), el("tbody", null, rows)),
      el("div", { class: "bar", "aria-hidden": "true" }, bar),
      introduction && introduction.features.length ? el("details", null, el("summary", null, plural(introduction.features.length, "feature")),
        el("p", { class: "note" }, introduction.features.join(", "))) : null));
  }
}

function tallyKind(tally) {
  if (tally.failed) return "failed";
  if (tally.expected_failures) return "expected";
  return tally.skipped ? "skipped" : "passed";
}

function grid() {
  if (!data.pairs.length) {
    at("pairs-section").remove();
    at("pairs-link").remove();
    return;
  }
  const unique = (role) => [...new Set(data.pairs.map((pair) => pair[role]))].sort((a, b) => names.indexOf(a) - names.indexOf(b));
  const responders = unique("responder");
  const cell = (initiator, responder) => {
    const pair = data.pairs.find((one) => one.initiator === initiator && one.responder === responder);
    if (!pair) return el("td", { class: "quiet" }, "·");
    const { passed, failed, expected_failures: expected, skipped } = pair.tally;
    const all = passed + failed + expected + skipped;
    const label = `${initiator} to ${responder}: ${passed} passed, ${failed} failed, ${expected} expected failures, ${skipped} skipped`;
    const outcome = tallyKind(pair.tally);
    return el("td", { class: outcome }, el("button", { title: label, "aria-label": label, onclick: () => show({ implementation: pair.name, tier: "matrix" }) },
      `${KINDS[outcome].sign} ${passed}/${all}`));
  };
  at("grid").append(el("table", null,
    el("thead", null, el("tr", null, el("th", { scope: "col" }, "initiator ↓ responder →"), responders.map((name) => el("th", { scope: "col" }, name)))),
    el("tbody", null, unique("initiator").map((initiator) => el("tr", null, el("th", { scope: "row" }, initiator), responders.map((responder) => cell(initiator, responder)))))));
}

// ---- the cases

const FILTERS = ["text", "implementation", "tier", "outcome", "level"];
const requirements = new Map(data.coverage.map((covered) => [covered.requirement, covered]));
const words = new Map(data.cases.map((row) => [row, [row.id, ...row.requirements, row.about].join(" ").toLowerCase()]));
let found = [];
let shown = 0;

function options(id, all, entries) {
  at(id).append(el("option", { value: "" }, all), ...entries);
}

function filters() {
  const option = (value, text) => el("option", { value }, text ?? value);
  const pairs = data.pairs.map((pair) => option(pair.name));
  options("implementation", "all", [...names.map((name) => option(name)), ...(pairs.length ? [el("optgroup", { label: "pairs" }, pairs)] : [])]);
  options("tier", "all", TIERS.filter((tier) => data.cases.some((row) => row.tier === tier)).map((tier) => option(tier)));
  options("outcome", "all", ["passed", "failed", "expected", "skipped"].map((outcome) => option(outcome, KINDS[outcome].word)));
  options("level", "all", ["MUST", "SHOULD", "MAY"].map((level) => option(level)));
  let waiting;
  at("filters").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(update, 120);
  });
  at("filters").addEventListener("submit", (event) => event.preventDefault());
  at("filters").addEventListener("reset", () => setTimeout(update));
  at("legend").append(...["passed", "failed", "expected", "skipped", "none"].map((outcome) =>
    el("span", null, el("span", { class: `cell ${outcome}`, "aria-hidden": "true" }, KINDS[outcome].sign), KINDS[outcome].word)));
}

// Sets the filters, all others to none, and goes to the cases.
function show(values) {
  for (const id of FILTERS) at(id).value = values[id] ?? "";
  update();
  at("cases").scrollIntoView();
  at("cases").focus({ preventScroll: true });
}

// A whole requirement id means that one, and not those that begin alike.
function has(row, term) {
  if (/^r-[a-z]+-\d+$/.test(term)) return row.requirements.some((id) => id.toLowerCase() === term);
  return words.get(row).includes(term);
}

function update() {
  const [text, implementation, tier, outcome, level] = FILTERS.map((id) => at(id).value);
  const terms = text.toLowerCase().split(/\s+/).filter(Boolean);
  const columns = implementation ? [implementation] : names;
  found = data.cases.filter((row) => {
    if ((tier && row.tier !== tier) || (level && row.level !== level) || !terms.every((term) => has(row, term))) return false;
    if (!implementation && !outcome) return true;
    return columns.flatMap((name) => ends(row, name)).some(([, end]) => !outcome || kind(end) === outcome);
  });
  const head = columns.map((name) => el("th", { scope: "col", class: "column" }, el("span", null, name)));
  at("table").className = columns.length > 4 ? "many" : "";
  at("table").style.setProperty("--columns", columns.length);
  at("table").replaceChildren(el("thead", null, el("tr", null, el("th", { scope: "col" }, "Case"), head)), el("tbody"));
  at("count").textContent = `${number(found.length)} of ${plural(data.cases.length, "case")}`;
  shown = 0;
  more(PAGE);
  const set = FILTERS.map((id) => [id, at(id).value]).filter(([, value]) => value);
  // Some browsers refuse this for files; the page works without.
  try { history.replaceState(null, "", set.length ? `#${new URLSearchParams(set)}` : location.pathname); } catch { }
}

function more(limit) {
  const columns = at("implementation").value ? [at("implementation").value] : names;
  const rows = found.slice(shown, shown + limit).map((row) => caseRow(row, columns));
  const first = at("table").tBodies[0].rows.length;
  at("table").tBodies[0].append(...rows);
  if (shown > 0) at("table").tBodies[0].rows[first].querySelector("button").focus();
  shown += rows.length;
  const left = found.length - shown;
  const button = (amount, text) => el("button", { type: "button", onclick: () => more(amount) }, text);
  at("more").replaceChildren(...(left > PAGE ? [button(PAGE, `Show ${PAGE} more`)] : []), ...(left > 0 ? [button(left, `Show all ${number(found.length)}`)] : []));
}

function caseRow(row, columns) {
  const cells = columns.map((name) => {
    const own = ends(row, name);
    const kinds = own.map(([, end]) => kind(end));
    const outcome = WORST.find((one) => kinds.includes(one)) ?? "none";
    const passed = kinds.filter((one) => one === "passed").length;
    const fraction = own.length > 1 ? `${passed}/${own.length}` : "";
    const title = `${name}: ${KINDS[outcome].word}${fraction && `, ${fraction} passed`}`;
    return el("td", null, el("span", { class: `cell ${outcome}`, role: "img", "aria-label": title, title }, KINDS[outcome].sign, fraction && ` ${fraction}`));
  });
  const button = el("button", { type: "button", "aria-expanded": "false" }, el("span", { class: "mono" }, row.id), el("span", { class: "level" }, row.level), el("small", null, row.about));
  const line = el("tr", { class: "case" }, el("th", { scope: "row" }, button), cells);
  button.addEventListener("click", () => {
    const open = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!open));
    if (open) line.nextElementSibling.remove();
    else line.after(el("tr", { class: "detail" }, el("td", { colspan: columns.length + 1 }, detail(row, columns))));
  });
  return line;
}

// ---- one case

function detail(row, columns) {
  const texts = row.requirements.map((id) => {
    const known = requirements.get(id);
    return el("li", null, el("strong", null, id), " ", known ? prose(known.text) : "");
  });
  const every = new Map(columns.flatMap((name) => ends(row, name)));
  const worst = [...every].sort(([, a], [, b]) => WORST.indexOf(kind(a)) - WORST.indexOf(kind(b)));
  const passed = worst.filter(([, end]) => kind(end) === "passed").map(([name, end]) => `${name} in ${time(end)}`);
  return el("div", { class: "inside" }, el("ul", null, texts),
    worst.filter(([, end]) => kind(end) !== "passed").map(([name, end]) => ending(row, name, end)),
    passed.length ? el("div", { class: "end passed" }, el("h4", null, "Passed"), passed.join(", ")) : null);
}

function ending(row, name, end) {
  const outcome = kind(end);
  const tag = end.crash ? `${KINDS[outcome].word}: it crashed` : KINDS[outcome].word;
  const title = el("h4", null, name, el("span", { class: "tag" }, tag));
  if (outcome === "skipped") return el("div", { class: "end skipped" }, title, prose(end.skipped));
  const log = end.log ?? [];
  const why = end.log === null ? el("p", { class: "note" }, "The log did not fit into this page: it is in results.json.") : null;
  const values = [["expected", end.expected, end.actual], ["actual", end.actual, end.expected]].map(([label, mine, other]) =>
    [el("dt", null, label), el("dd", { class: "mono" }, marked(mine, other))]);
  // The table says more than the same bytes as text.
  const decoded = end.comparisons.some(({ path, expected, actual }) => path === "" && expected && actual);
  return el("div", { class: `end ${outcome}` }, title,
    el("dl", { class: "values" }, el("dt", null, "what"), el("dd", null, end.what), end.expected_failure ? [el("dt", null, "why"), el("dd", null, prose(end.expected_failure))] : null, decoded ? null : values.flat()),
    end.comparisons.map(comparison),
    decoded ? el("details", null, el("summary", null, "Both as text"), el("dl", { class: "values" }, values.flat())) : null,
    log.length ? el("details", null, el("summary", null, plural(log.length, "line") + " of requests and answers"), el("ol", { class: "log" }, log.map((line) => el("li", null, line)))) : why,
    el("p", { class: "note" }, "Again: ", el("code", null, `--only ${row.id} --seed ${data.seed}`)));
}

// A text with the first character, or byte, marked in which it parts from a text that begins alike.
function marked(text, other) {
  if (text === "") return el("span", { class: "quiet" }, "nothing");
  const mine = [...text], theirs = [...other];
  const step = [text, other].every((one) => /^…?[0-9a-f]+…?$/.test(one)) ? 2 : 1;
  const start = text.startsWith("…") ? 1 : 0;
  const parts = mine.findIndex((character, i) => character !== theirs[i]);
  if (parts <= 0) return text;
  const from = parts - ((parts - start) % step);
  return [mine.slice(0, from).join(""), el("mark", null, mine.slice(from, from + step).join("")), mine.slice(from + step).join("")];
}

function comparison({ path, expected, actual, differs_at: differs, rows }) {
  const name = (side) => `${side.message} of ${plural(side.length, "byte")}`;
  const both = expected && actual && name(expected) === name(actual);
  const title = both ? name(expected) : [expected && `expected: ${name(expected)}`, actual && `actual: ${name(actual)}`].filter(Boolean).join(", ");
  const where = expected && actual ? (differs === null ? "; no byte differs" : `; the first difference is at byte ${differs}`) : "";
  return el("div", null,
    el("h5", null, path ? el("code", null, path) : "", path ? " " : "", title + where),
    el("table", { class: "fields" },
      el("thead", null, el("tr", null, ["at", "bytes", "field", "value"].map((head) => el("th", { scope: "col" }, head)))),
      el("tbody", null, rows.map((row) => fieldRow(row, expected && actual)))));
}

function fieldRow({ name, expected, actual }, two) {
  const same = expected && actual && expected.hex === actual.hex && expected.length === actual.length && expected.before === actual.before;
  const range = (of) => (expected && actual && expected[of] !== actual[of] ? `${expected[of]}, ${actual[of]}` : String((expected ?? actual)[of]));
  const differs = two && !same;
  const sides = !differs ? [[null, expected ?? actual]] : [["expected", expected], ["actual", actual]].filter(([, cell]) => cell);
  return el("tr", { class: differs ? "differs" : null },
    el("td", null, range("offset")), el("td", null, range("length")), el("td", null, name),
    el("td", null, sides.map(([label, cell]) => el("div", { class: label ? "side" : "side alone" }, label ? el("b", null, label) : null, value(cell)))));
}

function value({ hex, before, after, mark, meaning, fault }) {
  const shown = mark === null ? [hex] : [hex.slice(0, 2 * mark), el("mark", null, hex.slice(2 * mark, 2 * mark + 2)), hex.slice(2 * mark + 2)];
  return el("span", null,
    before ? el("em", { class: "before" }, `${before} bytes, …`) : null,
    el("span", { class: "mono" }, shown, hex ? "" : "–"),
    after ? el("em", null, `… ${plural(after, "byte")}`) : null,
    meaning ? el("em", { class: fault ? "fault" : null }, meaning) : null);
}

// ---- the requirements

const SHOW = {
  all: () => true,
  gaps: (covered) => isGap(covered),
  "not observable": (covered) => covered.not_observable !== undefined,
  "with cases": (covered) => covered.cases.length > 0,
};
const isGap = (covered) => covered.level === "MUST" && !covered.cases.length && covered.not_observable === undefined;

function coverage() {
  if (!data.coverage.length) {
    at("coverage-note").textContent = "Shown by a run of all tiers.";
    at("coverage-filters").hidden = true;
    return;
  }
  const of = (name) => data.coverage.filter(SHOW[name]).length;
  at("coverage-note").textContent = `${plural(of("all"), "requirement")}: ${of("with cases")} with cases, ${of("not observable")} that nobody can see from outside, ${plural(of("gaps"), "MUST")} without a case.`;
  at("coverage").append(...Object.keys(SHOW).map((name) => el("option", { value: name }, `${name === "gaps" ? "MUSTs without a case" : name} (${of(name)})`)));
  at("coverage").addEventListener("input", covered);
  covered();
}

function covered() {
  const row = (covered) => {
    const cases = covered.cases.length
      ? el("button", { type: "button", class: "count", onclick: () => show({ text: covered.requirement }) }, plural(covered.cases.length, "case"))
      : isGap(covered) ? "no case" : covered.not_observable === undefined ? "none" : null;
    const why = covered.not_observable === undefined ? null : el("span", { class: "quiet" }, "not observable: ", prose(covered.not_observable));
    return el("tr", { class: isGap(covered) ? "gap" : null }, el("td", null, el("strong", null, covered.requirement)), el("td", null, covered.level), el("td", null, prose(covered.text)), el("td", null, cases, cases && why ? el("br") : null, why));
  };
  at("covered").replaceChildren(
    el("thead", null, el("tr", null, ["Requirement", "Level", "Text", "Cases"].map((head) => el("th", { scope: "col" }, head)))),
    el("tbody", null, data.coverage.filter(SHOW[at("coverage").value]).map(row)));
}

verdict();
cards();
grid();
filters();
coverage();
const start = new URLSearchParams(location.hash.slice(1));
for (const id of FILTERS) if (start.has(id)) at(id).value = start.get(id);
// Where something failed, that comes first.
if (!location.hash && data.total.failed) at("outcome").value = "failed";
const anchor = FILTERS.some((id) => start.has(id)) ? null : location.hash;
update();
if (anchor) location.hash = anchor;
