import { afterAll, beforeAll, expect, it } from "vitest";
import { leave, receive, type Link } from "../examples/relay.js";
import { MemoryMailboxStore } from "../src/relay/index.js";
import { newIdentity } from "../test/support/loopback.js";
import { startRelay, type Service } from "./support/service.js";

let relay: Service;
beforeAll(async () => void (relay = await startRelay()));
afterAll(() => relay?.stop());

it("the example of a mailbox in the README", async () => {
  const [owner, friend] = [newIdentity(1), newIdentity(2)];
  const stop = new AbortController();
  const heard: string[] = [];
  const link = new Promise<Link>((resolve, reject) => {
    const done = (from: string, words: string): void => {
      heard.push(`${from === friend.did ? "friend" : from}: ${words}`);
      if (heard.length === 2) stop.abort();
    };
    receive({ url: `${relay.origin}/didshake`, did: relay.did }, owner, new MemoryMailboxStore(), [friend.did], resolve, done, stop.signal).catch(reject);
  });
  await leave(await link, friend, "one");
  await leave(await link, friend, "two");
  while (!stop.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(heard).toEqual(["friend: one", "friend: two"]);
});
