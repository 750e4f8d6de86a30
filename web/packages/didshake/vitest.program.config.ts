import { mergeConfig } from "vitest/config";
import base from "./vitest.config.js";

// against the program that DIDSHAKE names: real services, on this machine
const config = mergeConfig(base, { test: { testTimeout: 240_000, hookTimeout: 120_000, fileParallelism: false } });
config.test.include = ["program/**/*.test.ts"];
export default config;
