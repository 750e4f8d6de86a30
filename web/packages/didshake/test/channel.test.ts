import { describe, expect, it } from "vitest";
import { utf8 } from "../src/bytes.js";
import { Channel } from "../src/channel.js";
import { Direction, RECORDS_PER_SECRET } from "../src/direction.js";
import { aesSuite, chachaSuite } from "../src/suites.js";
import { codeOf, seeded } from "./support/loopback.js";

function channels(suite = chachaSuite): { a: Channel; b: Channel } {
  const secret = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
  const make = (role: "initiator" | "responder"): Channel => new Channel(role, { suite, i2r: secret(1), r2i: secret(2) });
  return { a: make("initiator"), b: make("responder") };
}

describe("channel", () => {
  it("carries a few thousand records both ways, with key updates at random", { timeout: 120_000 }, () => {
    for (const suite of [chachaSuite, aesSuite]) {
      const { a, b } = channels(suite);
      const random = seeded(5);
      let updates = 0;
      for (let i = 0; i < 2500; i++) {
        const [from, to] = random(2) === 0 ? [a, b] : [b, a];
        if (random(50) === 0) {
          expect(to.receive(from.keyUpdate(random(5)))).toEqual({ type: "key_update" });
          updates += 1;
        }
        const content = new Uint8Array(random(200)).fill(random(256));
        for (const record of from.send(content, random(20))) expect(to.receive(record)).toEqual({ type: "data", content });
      }
      expect(a.generation + b.generation).toBe(updates);
    }
  });

  it("no changed record opens, and the channel is over", async () => {
    const random = seeded(9);
    for (let i = 0; i < 200; i++) {
      const { a, b } = channels();
      const record = a.send(utf8("some content"), random(4))[0] as Uint8Array;
      const at = 1 + random(record.length - 1);
      record[at] = (record[at] ?? 0) ^ (1 << random(8));
      expect(await codeOf(() => b.receive(record))).toBe("record_not_opened");
      expect(b.open).toBe(false);
      expect(await codeOf(() => b.send(utf8("x")))).toBe("caller");
    }
  });

  it("order and direction are bound", async () => {
    for (const order of [[1, 0], [0, 0], [0, 2]]) {
      const { a, b } = channels();
      const records = ["a", "b", "c"].flatMap((text) => a.send(utf8(text)));
      expect(await codeOf(() => order.forEach((index) => b.receive(records[index] as Uint8Array)))).toBe("record_not_opened");
    }
    const { a } = channels();
    const own = a.send(utf8("x"))[0] as Uint8Array;
    expect(await codeOf(() => a.receive(own))).toBe("record_not_opened");
  });

  it("a refused record is answered by an alert in a record, and once", async () => {
    const { a, b } = channels();
    const fault = await Promise.resolve().then(() => b.receive(new Uint8Array(30).fill(16))).catch((error) => error);
    expect(fault).toMatchObject({ code: "record_not_opened", alert: 20 });
    expect(await codeOf(() => a.receive(fault.answer[0]))).toBe("peer_alert");
    const again = await Promise.resolve().then(() => b.receive(new Uint8Array(30).fill(16))).catch((error) => error);
    expect(again).toMatchObject({ code: "record_after_close", alert: null });
    expect(again.answer).toBeUndefined();
  });

  it("close ends one direction; only the peer's close makes an orderly end", async () => {
    const { a, b } = channels();
    a.close().forEach((record) => expect(b.receive(record)).toEqual({ type: "close" }));
    expect(await codeOf(() => a.send(utf8("x")))).toBe("caller");
    b.send(utf8("later")).forEach((record) => expect(a.receive(record)).toMatchObject({ type: "data" }));
    expect(await codeOf(() => a.transportEnded())).toBe("truncated");
    b.transportEnded();
    const both = channels();
    both.a.close().forEach((record) => both.b.receive(record));
    both.b.close().forEach((record) => both.a.receive(record));
    expect([both.a.closed, both.b.closed]).toEqual([true, true]);
    both.a.transportEnded();
  });

  it("a record after a close is answered unless the own direction is closed", async () => {
    for (const closed of [false, true]) {
      const { a, b } = channels();
      a.close().forEach((record) => b.receive(record));
      if (closed) b.close();
      const fault = await Promise.resolve().then(() => b.receive(new Uint8Array(20).fill(16))).catch((error) => error);
      expect(fault).toMatchObject({ code: "record_after_close", alert: 10 });
      expect(fault.answer === undefined).toBe(closed);
    }
  });

  it("a key_update goes first where it is due, before data, a close and an alert", () => {
    for (const send of [(c: Channel) => c.send(utf8("x")), (c: Channel) => c.close(), (c: Channel) => c.alert(80)]) {
      const { a, b } = channels();
      Channel.skip(a, b, RECORDS_PER_SECRET - 1);
      const records = send(a);
      expect(records.length).toBe(2);
      expect(b.receive(records[0] as Uint8Array)).toEqual({ type: "key_update" });
    }
  });

  it("the largest record, and no larger one", async () => {
    const { a, b } = channels();
    const [record] = a.send(new Uint8Array(65530), 5);
    expect(record?.length).toBe(65553);
    expect(b.receive(record as Uint8Array)).toMatchObject({ type: "data" });
    expect(await codeOf(() => a.send(new Uint8Array(65530), 6))).toBe("caller");
    expect(await codeOf(() => a.send(new Uint8Array(), -1))).toBe("caller");
    expect(await codeOf(() => a.alert(11))).toBe("caller");
  });

  it("length and type come before everything", async () => {
    expect(await codeOf(() => channels().b.receive(new Uint8Array(65554)))).toBe("record_too_long");
    expect(await codeOf(() => channels().b.receive(new Uint8Array()))).toBe("not_a_record");
    expect(await codeOf(() => channels().b.receive(Uint8Array.of(15, 49)))).toBe("not_a_record");
  });

  it("the sequence is never wrapped (R-CHAN-3)", async () => {
    const direction = new Direction(chachaSuite, new Uint8Array(32), { high: 2 ** 32 - 1, low: 2 ** 32 - 2 });
    const mirror = new Direction(chachaSuite, new Uint8Array(32), { high: 2 ** 32 - 1, low: 2 ** 32 - 2 });
    for (let i = 0; i < 2; i++) expect(mirror.open(direction.seal(utf8("x")))).toEqual(utf8("x"));
    expect(await codeOf(() => direction.seal(utf8("x")))).toBe("caller");
    expect(mirror.open(new Uint8Array(20))).toBeUndefined();
    const carry = new Direction(chachaSuite, new Uint8Array(32), { high: 0, low: 2 ** 32 - 1 });
    carry.seal(utf8("x"));
    const behind = new Direction(chachaSuite, new Uint8Array(32), { high: 1, low: 0 });
    expect(behind.open(carry.seal(utf8("y")))).toEqual(utf8("y"));
  });
});
