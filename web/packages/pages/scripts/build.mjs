// Builds the pages into crates/didshake-server/assets/pages; with --check, compares them with what is checked in there.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const configFile = fileURLToPath(new URL("../vite.config.ts", import.meta.url));
const CHECKED_IN = fileURLToPath(new URL("../../../../crates/didshake-server/assets/pages", import.meta.url));
const EXPECTED = [
  "account.html", "account.js", "admin.html", "admin.js", "did-peer.js", "documents.js", "icon.svg", "invite.js", "link.js", "login.html", "login.js", "page.js", "pages.css", "peer.js", "vectors.html",
  "vectors.js", "ways.js",
];

async function buildInto(outDir) {
  await build({ configFile, logLevel: "warn", build: { outDir, emptyOutDir: true } });
  const names = readdirSync(outDir).sort();
  if (names.join() !== EXPECTED.join()) throw new Error(`built ${names.join(" ")} instead of ${EXPECTED.join(" ")}`);
}

/** The names of the files that are not the same in both folders. */
function differing(built, checkedIn) {
  const there = existsSync(checkedIn) ? readdirSync(checkedIn) : [];
  const names = [...new Set([...readdirSync(built), ...there])].sort();
  const read = (folder, name) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name)) : undefined);
  return names.filter((name) => {
    const [a, b] = [read(built, name), read(checkedIn, name)];
    return a === undefined || b === undefined || !a.equals(b);
  });
}

async function check() {
  const folder = mkdtempSync(join(tmpdir(), "didshake-pages-"));
  try {
    await buildInto(folder);
    const names = differing(folder, CHECKED_IN);
    if (names.length === 0) return console.log(`pages: ${EXPECTED.length} files, as checked in`);
    console.error(`not as checked in: ${names.join(", ")}. Run \`npm run build:pages\` in web/packages/pages and check the result in.`);
    process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await (process.argv.includes("--check") ? check() : buildInto(CHECKED_IN));
