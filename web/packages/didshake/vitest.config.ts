import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string): string => fileURLToPath(new URL(`src/${path}`, import.meta.url));

export default defineConfig({
  // the longer name first: the shorter one is a prefix of it
  resolve: { alias: { "didshake/mailbox": source("mailbox/index.ts"), didshake: source("index.ts") } },
  test: { include: ["test/**/*.test.ts"], testTimeout: 60_000, maxWorkers: 2 },
});
