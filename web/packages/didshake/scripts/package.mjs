// Packs the package as npm would publish it and uses it from a project of its own: contents, dependencies, exports, types, docs.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { undocumented } from "./docs.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const NOBLE = fileURLToPath(new URL("../../../node_modules/@noble", import.meta.url));
const run = (cwd, program, ...args) => execFileSync(program, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

/** Fails with what is in one list and not in the other. */
function same(actual, expected, what) {
  const [more, less] = [actual.filter((one) => !expected.includes(one)), expected.filter((one) => !actual.includes(one))];
  if (more.length + less.length > 0) throw new Error(`${what}: too many: ${more.join(" ")}; missing: ${less.join(" ")}`);
}

/** The three noble packages, pinned, and no import of anything else. */
function checkDependencies() {
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  same(Object.keys(dependencies), ["@noble/ciphers", "@noble/curves", "@noble/hashes"], "dependencies");
  same(Object.values(dependencies).filter((version) => !/^\d+\.\d+\.\d+$/.test(version)), [], "versions that are not pinned");
  const imports = readdirSync(join(root, "dist"), { recursive: true }).filter((name) => name.endsWith(".js"))
    .flatMap((name) => [...readFileSync(join(root, "dist", name), "utf8").matchAll(/^(?:import|export) .*?from "(.*)";$/gms)])
    .map(([, from]) => from);
  same(imports.filter((from) => !/^(\.\.?\/|@noble\/(ciphers|curves|hashes)\/)/.test(from)), [], "imports");
}

/** The archive, and that it holds what it should and nothing else. */
function pack(folder) {
  run(root, "npm", "run", "prepack", "--silent");
  const [{ filename, files, size, unpackedSize }] = JSON.parse(run(root, "npm", "pack", "--ignore-scripts", "--json", "--pack-destination", folder));
  const sources = readdirSync(join(root, "src"), { recursive: true }).filter((name) => name.endsWith(".ts"));
  const modules = sources.map((name) => name.slice(0, -".ts".length));
  const built = modules.flatMap((name) => [".js", ".js.map", ".d.ts", ".d.ts.map"].map((end) => `dist/${name}${end}`));
  same(files.map(({ path }) => path), ["package.json", "README.md", "LICENSE-APACHE", "LICENSE-MIT", ...built], "contents");
  console.log(`package: ${files.length} files, ${size} bytes packed, ${unpackedSize} unpacked`);
  return join(folder, filename);
}

/** A project with the package in its node_modules, and the examples of the README as its source. */
function project(folder, archive) {
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "didshake"), { recursive: true });
  run(folder, "tar", "-xzf", archive, "--strip-components=1", "-C", join(modules, "didshake"));
  symlinkSync(NOBLE, join(modules, "@noble"));
  cpSync(join(root, "examples"), join(folder, "src"), { recursive: true });
  cpSync(join(root, "scripts", "consumer.mjs"), join(folder, "consumer.mjs"));
  const compilerOptions = {
    target: "ES2022", lib: ["ES2022", "DOM", "DOM.Iterable"], module: "NodeNext", strict: true, exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true, skipLibCheck: false, types: [], rootDir: "src", outDir: "out",
  };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["src"] }));
}

const folder = mkdtempSync(join(tmpdir(), "didshake-package-"));
try {
  const archive = pack(folder);
  checkDependencies();
  for (const entry of ["dist", "dist/mailbox", "dist/card", "dist/relay", "dist/websocket", "dist/webvh"]) same(undocumented(join(root, entry)), [], `${entry}, without a TSDoc comment`);
  project(folder, archive);
  run(folder, "tsc", "-p", ".");
  run(folder, "tsc", "-p", ".", "--noEmit", "--module", "ESNext", "--moduleResolution", "bundler");
  process.stdout.write(run(folder, process.execPath, "consumer.mjs"));
} catch (fault) {
  console.error(fault.stdout ?? "", fault.message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
