import { afterAll, describe, expect, it } from "vitest";
import { loadVectors } from "./support/files.js";
import { runRequest } from "./support/requests.js";

const { index, requests } = loadVectors();
const ran = new Set<string>();

describe("request vectors", () => {
  for (const vector of requests) {
    it(vector.id, async () => {
      await runRequest(vector);
      ran.add(vector.id);
    });
  }
});

afterAll(() => {
  console.log(`request vectors: ${ran.size} ran of ${index.request_positives} positives and ${index.request_negatives} negatives`);
  const listed = index.vectors.filter(({ file }) => file.startsWith("request/")).map(({ id }) => id);
  expect([...ran].sort()).toEqual(listed.sort());
  expect(ran.size).toBe(index.request_positives + index.request_negatives);
});
