import { afterAll, describe, expect, it } from "vitest";
import { loadMailbox } from "./support/files.js";
import { runMailbox } from "./support/mailbox.js";

const { index, vectors } = loadMailbox();
const ran = new Set<string>();

describe("mailbox vectors", () => {
  for (const vector of vectors) {
    it(vector.id, async () => {
      await runMailbox(vector);
      ran.add(vector.id);
    });
  }
});

afterAll(() => {
  console.log(`mailbox vectors: ${ran.size} ran of ${index.mailbox_positives} positives and ${index.mailbox_negatives} negatives`);
  const listed = index.vectors.filter(({ file }) => file.startsWith("mailbox/")).map(({ id }) => id);
  expect([...ran].sort()).toEqual(listed.sort());
  expect(ran.size).toBe(index.mailbox_positives + index.mailbox_negatives);
});
