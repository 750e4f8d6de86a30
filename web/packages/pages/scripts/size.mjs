// Fails if the script that a page loads is over its limit, compressed as a server would.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

// 60,000 is what the login page may have; the vectors page carries the other role and the harness
const LIMITS = { login: 60_000, account: 60_000, vectors: 80_000 };
const folder = fileURLToPath(new URL("../../../../crates/didshake-server/assets/pages", import.meta.url));

/** The scripts that a page names, and all that they import. */
function scripts(page) {
  const found = [...readFileSync(join(folder, `${page}.html`), "utf8").matchAll(/(?:src|href)="\/assets\/(\w+\.js)"/g)].map(([, name]) => name);
  const names = new Set(found);
  for (const name of names) {
    const code = readFileSync(join(folder, name), "utf8");
    for (const [, imported] of code.matchAll(/["']\.\/(\w+\.js)["']/g)) names.add(imported);
  }
  return [...names].sort();
}

for (const [page, limit] of Object.entries(LIMITS)) {
  const names = scripts(page);
  const size = names.reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, name)), { level: 9 }).length, 0);
  console.log(`${page}: ${names.join(" ")}, gzipped ${size} bytes, limit ${limit}`);
  if (names.length < 2 || size > limit) {
    console.error(`${page} is over its limit, or its scripts were not found`);
    process.exitCode = 1;
  }
}
