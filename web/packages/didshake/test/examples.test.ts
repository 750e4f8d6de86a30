import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import * as files from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { systemClock } from "../src/config.js";
import { accept } from "../examples/responder.js";
import { connect } from "../examples/initiator.js";
import { whoAmI } from "../examples/login.js";
import { converse } from "../examples/websocket.js";
import { openMailbox, read, write } from "../examples/mailbox.js";
import { webvhResolver } from "../examples/webvh.js";
import { LogHost } from "./support/log-host.js";
import { makeLog } from "./support/logs.js";
import { newIdentity } from "./support/loopback.js";
import { ORIGIN, testService } from "./support/service.js";
import { listening, Socketed } from "./support/sockets.js";

/** A queue between two sides. */
function pipe(): { send: (message: Uint8Array) => void; receive: () => Promise<Uint8Array> } {
  const [messages, waiting]: [Uint8Array[], ((message: Uint8Array) => void)[]] = [[], []];
  return {
    send(message) {
      const next = waiting.shift();
      if (next === undefined) messages.push(message);
      else next(message);
    },
    receive: () => new Promise((resolve) => {
      const message = messages.shift();
      if (message === undefined) waiting.push(resolve);
      else resolve(message);
    }),
  };
}

describe("the examples of the README", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

  it("are the files that are compiled and run here", () => {
    const blocks = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code);
    const files = ["initiator", "responder", "login", "websocket", "keys", "mailbox", "relay", "webvh"].map((name) =>
      readFileSync(new URL(`../examples/${name}.ts`, import.meta.url), "utf8"));
    expect(blocks).toEqual(files);
  });

  it("both roles", async () => {
    const [up, down] = [pipe(), pipe()];
    const identity = newIdentity(1);
    const [initiator, responder] = await Promise.all([
      connect(new Uint8Array(32).fill(9), identity.did, (message) => (up.send(message), down.receive())),
      accept(identity, up.receive, down.send),
    ]);
    expect(initiator.sessionId).toEqual(responder.sessionId);
    expect(responder.peer.did).toBe(initiator.own.did);
  });

  it("websocket", async () => {
    const { listener, options } = await listening({ responder: { clock: systemClock } });
    listener.onChannel = async (channel) => {
      for await (const message of channel) await channel.send(message);
      await channel.close();
    };
    const { did } = options.meant as { did: string };
    expect(await converse(options.url, did, newIdentity(2), "said", Socketed)).toEqual(["said"]);
    listener.stop();
  });

  it("mailbox", async () => {
    const [owner, sender] = [newIdentity(1), newIdentity(2)];
    const keys = await openMailbox(owner);
    const envelope = await write(sender, owner.did, keys.signedKey, "a letter");
    expect(await read(envelope, [keys], [sender.did])).toBe("a letter");
    await expect(read(envelope, [keys], [])).rejects.toThrow("not_admitted");
  });

  it("webvh", async () => {
    const [host, folder, warnings] = [await LogHost.start(), mkdtempSync(join(tmpdir(), "didshake-example-")), [] as string[]];
    const [older, newer] = [await makeLog("log.example", {}), await makeLog("log.example", {}, {})];
    const resolve = async (bytes: Uint8Array): Promise<string> => {
      host.files.set("/.well-known/did.jsonl", bytes);
      const resolver = await webvhResolver(join(folder, "seen"), files, host.fetch, (words) => warnings.push(words));
      return (await resolver.resolve(older.did, { fresh: true })).kind;
    };
    expect([await resolve(older.bytes), await resolve(newer.bytes), await resolve(older.bytes)]).toEqual(["document", "document", "failed"]);
    expect(warnings).toEqual([`${older.did}: rolled_back`]);
    await host.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("login", async () => {
    const service = testService({ clock: systemClock });
    const identity = newIdentity(2);
    expect(await whoAmI(`${ORIGIN}/didshake`, service.did, identity, service.fetch)).toBe(identity.did);
  });
});
