import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string): string => fileURLToPath(new URL(`src/${path}`, import.meta.url));

export default defineConfig({
  // the longer names first: the shortest one is a prefix of them
  resolve: {
    alias: {
      "didshake/mailbox": source("mailbox/index.ts"), "didshake/card": source("card/index.ts"),
      "didshake/relay": source("relay/index.ts"), "didshake/websocket": source("websocket/index.ts"),
      "didshake/webvh": source("webvh/index.ts"),
      didshake: source("index.ts"),
    },
  },
  test: { include: ["test/**/*.test.ts"], testTimeout: 60_000, maxWorkers: 2 },
});
