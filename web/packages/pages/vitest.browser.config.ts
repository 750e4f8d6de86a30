import { defineConfig } from "vitest/config";

// Node runs these; they drive a Chromium of their own
export default defineConfig({
  test: { include: ["browser/**/*.test.ts"], testTimeout: 90_000, hookTimeout: 60_000, fileParallelism: false },
});
