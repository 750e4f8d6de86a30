import { defineConfig } from "vitest/config";

// Node runs these; they drive a Chromium of their own
export default defineConfig({
  test: { include: ["browser/**/*.test.ts"], testTimeout: 240_000, hookTimeout: 60_000, fileParallelism: false },
});
