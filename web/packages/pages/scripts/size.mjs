// Fails if the script that a page loads as it starts, or later for some visits, is over its limit, compressed as a server would.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

// 60,000 is what the login page may have; the vectors page carries the other role and the harness
const LIMITS = { login: 60_000, account: 60_000, admin: 60_000, vectors: 80_000 };
/** For one part that a page loads later, with what it needs and the page has not. */
const LATER = 10_000;
const folder = fileURLToPath(new URL("../../../../crates/didshake-server/assets/pages", import.meta.url));
const read = (name) => readFileSync(join(folder, name), "utf8");
const sizeOf = (names) => names.reduce((sum, name) => sum + gzipSync(read(name), { level: 9 }).length, 0);
const found = (text, pattern) => [...text.matchAll(pattern)].map(([, name]) => name);

/** What a script imports as it starts, and what later. Every name of a script has to be one or the other. */
function imports(script) {
  const code = read(script);
  const now = found(code, /\b(?:from|import)\s*["']\.\/([\w-]+\.js)["']/g);
  const later = found(code, /\bimport\(\s*["']\.\/([\w-]+\.js)["']\s*\)/g);
  const unread = found(code, /["'`]([\w./-]+\.js)["'`]/g).filter((name) => !now.includes(name.slice(2)) && !later.includes(name.slice(2)));
  if (unread.length > 0) throw new Error(`${script} names ${unread.join(" ")} in a way that this check cannot read`);
  return { now, later };
}

/** The scripts and all that they import as they start. */
function graph(scripts) {
  const names = new Set(scripts);
  for (const name of names) imports(name).now.forEach((imported) => names.add(imported));
  return [...names].sort();
}

function report(what, names, limit, least) {
  const size = sizeOf(names);
  console.log(`${what}: ${names.join(" ")}, gzipped ${size} bytes, limit ${limit}`);
  if (names.length >= least && size <= limit) return;
  console.error(`${what} is over its limit, or its scripts were not found`);
  process.exitCode = 1;
}

for (const [page, limit] of Object.entries(LIMITS)) {
  const start = graph(found(read(`${page}.html`), /(?:src|href)="\/assets\/([\w-]+\.js)"/g));
  report(page, start, limit, 2);
  const later = new Set(start.flatMap((name) => imports(name).later));
  for (const name of later) {
    // one page loads later what another has from the start
    if (start.includes(name)) continue;
    const more = graph([name]).filter((one) => !start.includes(one));
    report(`  ${page}, later`, more, LATER, 1);
    more.flatMap((one) => imports(one).later).forEach((one) => later.add(one));
  }
}
