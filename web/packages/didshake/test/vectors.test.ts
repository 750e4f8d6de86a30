import { afterAll, describe, expect, it } from "vitest";
import { loadVectors } from "./support/files.js";
import { runHandshake } from "./support/run.js";

const { index, handshakes } = loadVectors();
const ran = new Set<string>();

describe("handshake vectors", () => {
  for (const vector of handshakes) {
    const long = vector.channel?.some(({ repeat = 1 }) => repeat > 1000);
    it(vector.id, { timeout: long ? 3_600_000 : 30_000 }, async () => {
      await runHandshake(vector);
      ran.add(vector.id);
    });
  }
});

afterAll(() => {
  console.log(`handshake vectors: ${ran.size} ran of ${index.positives} positives and ${index.negatives} negatives`);
  const listed = index.vectors.filter(({ file }) => /^(positive|negative)\//.test(file)).map(({ id }) => id);
  expect([...ran].sort()).toEqual([...listed].sort());
  expect(ran.size).toBe(index.positives + index.negatives);
});
