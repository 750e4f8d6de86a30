// Bundles and minifies each entry of the package with noble, and fails if what a browser loads is over its limit.
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";

// little slack above what it is: noble is four fifths of it
const LIMITS = {
  "index.ts": 50_000, "mailbox/index.ts": 37_000, "card/index.ts": 30_500, "relay/index.ts": 52_500, "websocket/index.ts": 43_000,
  "webvh/index.ts": 32_000,
};
const root = fileURLToPath(new URL("..", import.meta.url));

/** Every export of one entry, as an application that uses all of it would load it at its start, minified. */
async function bundle(entry) {
  const result = await build({
    root, configFile: false, logLevel: "error",
    build: {
      write: false, target: "es2022", minify: "esbuild", modulePreload: false,
      rollupOptions: { input: `src/${entry}`, preserveEntrySignatures: "strict", output: { format: "es" } },
    },
  });
  const chunks = (Array.isArray(result) ? result : [result]).flatMap(({ output }) => output);
  return chunks.filter(({ type, isDynamicEntry }) => type === "chunk" && !isDynamicEntry).map((chunk) => chunk.code).join("");
}

for (const [entry, limit] of Object.entries(LIMITS)) {
  const code = await bundle(entry);
  const size = gzipSync(code, { level: 9 }).length;
  console.log(`bundle of ${entry}: ${code.length} bytes, gzipped ${size} bytes, limit ${limit}`);
  if (size > limit) {
    console.error("the bundle is over its limit");
    process.exitCode = 1;
  }
}
