import { afterAll, describe, expect, it } from "vitest";
import { loadWebvh } from "./support/files.js";
import { runWebvh } from "./support/webvh.js";

const { index, vectors } = loadWebvh();
const ran = new Set<string>();

describe("vectors of did:webvh", () => {
  for (const vector of vectors) {
    it(vector.id, async () => {
      await runWebvh(vector);
      ran.add(vector.id);
    });
  }
});

afterAll(() => {
  console.log(`vectors of did:webvh: ${ran.size} ran of ${index.webvh_positives} positives and ${index.webvh_negatives} negatives`);
  const listed = index.vectors.filter(({ file }) => file.startsWith("webvh/")).map(({ id }) => id);
  expect([...ran].sort()).toEqual(listed.sort());
  expect(ran.size).toBe(index.webvh_positives + index.webvh_negatives);
});
