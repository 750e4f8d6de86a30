import { inspect } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { fromHex, toHex } from "../src/bytes.js";
import { makeCard, verifyCard, type Card, type CardOptions } from "../src/card/card.js";
import { DepositToken } from "../src/card/contents.js";
import { cardLink, cardOfLink, MAX_CARD } from "../src/card/link.js";
import { reachOf } from "../src/card/reach.js";
import { HTTP, STREAM, WEBSOCKET } from "../src/config.js";
import { readCard, runCard } from "./support/card.js";
import { loadCards } from "./support/files.js";
import { codeOf, newIdentity, NOW } from "./support/loopback.js";
import type { CardVector } from "./support/vector.js";

const { index, vectors } = loadCards();
const ran = new Set<string>();
const clock = (): number => NOW;
const vectorOf = (id: string): CardVector => structuredClone(vectors.find((vector) => vector.id === id) as CardVector);
const owner = newIdentity(1);
const make = (more: Partial<CardOptions> = {}): Promise<Uint8Array> => makeCard({ identity: owner, endpoints: [], clock, ...more });
const cardOf = async (more: Partial<CardOptions> = {}): Promise<Card> =>
  verifyCard(await make(more), { meant: { any: true }, clock: () => NOW + 10 });

describe("card vectors", () => {
  for (const vector of vectors) {
    it(vector.id, async () => {
      await runCard(vector);
      ran.add(vector.id);
    });
  }
});

describe("the harness", () => {
  it("notices another byte, another error, and what is accepted", async () => {
    const good = vectorOf("c-ed25519");
    for (const name of ["card", "signed", "link"] as const) {
      const text = good[name] as string;
      await expect(runCard({ ...good, [name]: text.replace(/.$/, (digit) => (digit === "0" ? "4" : "0")) })).rejects.toThrow(name);
    }
    const bad = vectorOf("c-type-32");
    await expect(runCard({ ...bad, fails: { step: "card", error: "card_time" } })).rejects.toThrow("error");
    await expect(runCard({ ...good, kind: "negative", fails: { step: "card", error: "x" } })).rejects.toThrow("accepted");
  });
});

describe("contact cards", () => {
  it("cannot be changed in any byte, nor cut", async () => {
    const vector = vectorOf("c-web");
    const card = fromHex(vector.card as string);
    for (let at = 0; at < card.length; at++) {
      const changed = card.map((byte, place) => (place === at ? byte ^ (1 << at % 8) : byte));
      expect(await codeOf(() => readCard(vector, changed)), `${at}`).toMatch(/^(card|did|fragment|unknown|not|method|algorithm|signature)_/);
      expect(await codeOf(() => readCard(vector, card.subarray(0, at))), `${at}`).toBe("card_malformed");
    }
  });

  it("are refused to whoever writes what cannot be written", async () => {
    const bad: Partial<CardOptions>[] = [
      { ends: NOW }, { issued: -1 }, { issued: 1.5 }, { endpoints: Array<string>(9).fill("a:") }, { endpoints: ["a"] }, { endpoints: ["a:\u00e4"] },
      { name: "" }, { name: " a" }, { name: "a\u202eb" }, { name: "\ud800" }, { name: "n".repeat(65) }, { mailbox: { url: "" } },
      { mailbox: { url: "wss://relay.example/" } }, { mailbox: { url: `https://${"a".repeat(248)}` } },
    ];
    for (const more of bad) expect(await codeOf(() => make(more)), JSON.stringify(more)).toBe("caller");
    expect(() => new DepositToken(new Uint8Array(31))).toThrow("32 bytes");
    expect(() => cardLink(new Uint8Array(MAX_CARD + 1))).toThrow("4,792");
    expect(() => cardLink(new Uint8Array())).toThrow("4,792");
  });

  it("are over from their end on, and are replaced by later ones of the same owner only", async () => {
    const [kept, later] = [await cardOf({ issued: NOW, ends: NOW + 20 }), await cardOf({ issued: NOW + 1 })];
    expect([kept.isOver(NOW + 19), kept.isOver(NOW + 20), later.isOver(Number.MAX_SAFE_INTEGER)]).toEqual([false, true, false]);
    expect([later.replaces(kept), kept.replaces(later), kept.replaces(kept)]).toEqual([true, false, false]);
    expect((await cardOf({ identity: newIdentity(2), issued: NOW + 1 })).replaces(kept)).toBe(false);
  });

  it("do not show their token", async () => {
    const token = new DepositToken(new Uint8Array(32).fill(0xa7));
    const card = await cardOf({ mailbox: { url: "https://relay.example/m", token } });
    expect(toHex(card.mailbox?.token?.bytes() ?? new Uint8Array())).toBe("a7".repeat(32));
    for (const shown of [inspect(card, { depth: 9, showHidden: true }), JSON.stringify(card)]) expect(shown).not.toMatch(/167,\s*167|a7a7/);
    card.mailbox?.token?.wipe();
    expect(card.mailbox?.token?.bytes()).toEqual(new Uint8Array(32));
  });

  it("list endpoints that are reached as their scheme says, or ignored", () => {
    expect(reachOf("tcp://Bob.example:1")).toEqual({ binding: STREAM, host: "bob.example", port: 1 });
    expect(reachOf("tcp://[::1]:80")).toEqual({ binding: STREAM, host: "[::1]", port: 80 });
    expect(reachOf("wss://bob.example/a")).toEqual({ binding: WEBSOCKET, url: "wss://bob.example/a", origin: "https://bob.example", clear: false });
    expect(reachOf("http://127.0.0.1/")).toMatchObject({ binding: HTTP, clear: false });
    for (const url of ["ws://bob.example/", "http://localhost/"]) expect(reachOf(url), url).toMatchObject({ clear: true });
    const ignored = ["a:", "quic://b", "tcp://b", "tcp://b:0", "tcp://b:65536", "tcp://b:1/", "tcp://a@b:1", "https://a@b/", "wss://127.1/"];
    for (const url of ignored) expect(reachOf(url), url).toBeUndefined();
  });

  it("have one link", async () => {
    const link = cardLink(await make());
    expect(cardLink(cardOfLink(link))).toBe(link);
    expect(await codeOf(() => cardOfLink(`${link} `))).toBe("card_link");
  });
});

afterAll(() => {
  console.log(`card vectors: ${ran.size} ran of ${index.card_positives} positives and ${index.card_negatives} negatives`);
  const listed = index.vectors.filter(({ file }) => file.startsWith("card/")).map(({ id }) => id);
  expect([...ran].sort()).toEqual(listed.sort());
  expect(ran.size).toBe(index.card_positives + index.card_negatives);
});
