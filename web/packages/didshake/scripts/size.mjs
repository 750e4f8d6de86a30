// Bundles and minifies the whole package with noble, and fails if what a browser loads is over the limit.
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";

// little slack above what it is: noble is four fifths of it
const LIMIT = 49_000;
const root = fileURLToPath(new URL("..", import.meta.url));

const result = await build({
  root, configFile: false, logLevel: "error",
  build: {
    write: false, target: "es2022", minify: "esbuild", modulePreload: false,
    // every export of the package, as an application that uses all of it would load it
    rollupOptions: { input: "src/index.ts", preserveEntrySignatures: "strict", output: { format: "es" } },
  },
});
const chunks = (Array.isArray(result) ? result : [result]).flatMap(({ output }) => output);
const code = chunks.filter(({ type }) => type === "chunk").map((chunk) => chunk.code).join("");
const size = gzipSync(code, { level: 9 }).length;
console.log(`bundle: ${code.length} bytes, gzipped ${size} bytes, limit ${LIMIT}`);
if (size > LIMIT) {
  console.error("the bundle is over its limit");
  process.exit(1);
}
