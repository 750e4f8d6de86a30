import { afterEach, describe, expect, it } from "vitest";
import { toHex, utf8 } from "../src/bytes.js";
import type { DidshakeError } from "../src/errors.js";
import { connectWebSocket, type ConnectOptions } from "../src/websocket/handshake.js";
import type { WebSocketChannel } from "../src/websocket/channel.js";
import { Frames, type WebSocketLike } from "../src/websocket/frames.js";
import { codeOf, newIdentity } from "./support/loopback.js";
import { TEST_REGISTRY } from "./support/peers.js";
import { connecting, listening, raw, silent } from "./support/sockets.js";
import { pair } from "./support/loopback.js";

const stops: (() => void)[] = [];
afterEach(() => stops.splice(0).forEach((stop) => stop()));

const text = (bytes: Uint8Array | undefined): string | undefined => bytes && new TextDecoder().decode(bytes);

async function both(...options: Parameters<typeof listening>): Promise<[WebSocketChannel, WebSocketChannel, WebSocket]> {
  const { listener, options: config } = await listening(...options);
  stops.push(listener.stop);
  const initiator = await connectWebSocket(config);
  return [initiator, await (listener.accepted[0] as Promise<WebSocketChannel>), listener.sockets[0] as never];
}

/** The server's side of one attempt, and what the initiator says. */
async function against(act: Parameters<typeof raw>[0], more: Partial<ConnectOptions> = {}, protocol?: string | false): Promise<string> {
  const server = await raw(act, protocol);
  stops.push(server.stop);
  return codeOf(() => connectWebSocket({ ...connecting(server.url, pair()), ...more }));
}

// R-BIND-3, R-BIND-4, R-BIND-5
describe("a handshake over a WebSocket", () => {
  it("ends with a channel, both ways, that is closed in order", async () => {
    const [initiator, responder] = await both();
    expect(initiator.established.peer.did).toBe(responder.established.own.did);
    expect(toHex(initiator.established.sessionId)).toBe(toHex(responder.established.sessionId));
    await initiator.send(utf8("one"));
    await initiator.updateKey();
    await initiator.send(new Uint8Array(65_535).fill(7));
    await initiator.send(utf8("three"), 500);
    expect(text(await responder.receive())).toBe("one");
    expect(await responder.receive()).toEqual(new Uint8Array(65_535).fill(7));
    expect(text(await responder.receive())).toBe("three");
    await initiator.close();
    expect(await responder.receive()).toBeUndefined();
    expect(await responder.receive()).toBeUndefined();
    // the other direction is open still
    for (const word of ["four", "five"]) await responder.send(utf8(word));
    await responder.close();
    const words: string[] = [];
    for await (const word of initiator) words.push(text(word) as string);
    expect(words).toEqual(["four", "five"]);
    expect(await codeOf(() => initiator.send(utf8("six")))).toBe("caller");
    expect([initiator.open, responder.open]).toEqual([false, false]);
  });

  it("goes through a Retry", async () => {
    const [initiator, responder] = await both({
      initiator: { registry: TEST_REGISTRY, suites: [1, 0xfe01] }, responder: { registry: TEST_REGISTRY, suites: [0xfe01, 1] },
    });
    expect([initiator.established.suite, responder.established.suite]).toEqual([0xfe01, 0xfe01]);
  });

  it("tells a cut from a close", async () => {
    const [initiator, responder, socket] = await both();
    await responder.send(utf8("the last"));
    socket.close();
    expect(text(await initiator.receive())).toBe("the last");
    expect(await codeOf(() => initiator.receive())).toBe("truncated");
    const [other, cut] = await both();
    other.end();
    expect(await codeOf(() => cut.receive())).toBe("truncated");
    expect(await codeOf(() => other.send(utf8("more")))).toBe("transport");
  });

  it("lets a reader wait no longer than it wants, and loses nothing by it", async () => {
    const [initiator, responder] = await both();
    const stop = new AbortController();
    const waiting = initiator.receive(stop.signal);
    expect(await codeOf(() => initiator.receive())).toBe("caller");
    stop.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await responder.send(utf8("late"));
    expect(text(await initiator.receive())).toBe("late");
  });

  it("ends the channel unanswered on a text message", async () => {
    const [initiator, responder, socket] = await both();
    socket.send("text" as never);
    expect(await codeOf(() => initiator.receive())).toBe("not_a_record");
    expect(await codeOf(() => responder.receive())).toBe("truncated");
  });

  it("answers a bad record with an alert in a record", async () => {
    const [initiator, responder, socket] = await both();
    socket.send(Uint8Array.of(16, 1, 2, 3));
    expect(await codeOf(() => initiator.receive())).toBe("record_not_opened");
    expect(await codeOf(() => responder.receive())).toBe("peer_alert");
  });

  it("lets nothing come between records that belong together, however slow the network is", async () => {
    const sent: number[] = [];
    const socket: WebSocketLike & { bufferedAmount: number } = {
      binaryType: "", protocol: "didshake.1", readyState: 1, bufferedAmount: 2_000_000,
      send: (message) => void sent.push(message.byteLength), close: () => undefined, addEventListener: () => undefined,
    };
    const frames = new Frames(socket);
    const first = frames.send(new Uint8Array(1), new Uint8Array(2)).then(() => sent.push(-1));
    const second = frames.send(new Uint8Array(3));
    expect(sent).toEqual([1, 2, 3]);
    socket.bufferedAmount = 0;
    await Promise.all([first, second]);
    expect(sent).toEqual([1, 2, 3, -1]);
  });

  it("cuts off a peer that sends more than is read", async () => {
    const [initiator, responder] = await both();
    const sending = (async () => {
      for (let i = 0; i < 200; i++) await responder.send(new Uint8Array(65_535));
    })();
    expect(await codeOf(() => sending)).toBe("transport");
    let read = 0;
    const code = await codeOf(async () => {
      for (;;) if ((await initiator.receive()) !== undefined) read += 1;
    });
    expect(code).toBe("transport");
    expect(read).toBeLessThan(65);
  });
});

describe("an attempt that fails", () => {
  it("has no default for whom it means, nor for an endpoint", async () => {
    const config = connecting("ws://127.0.0.1:9/", pair());
    for (const url of ["http://127.0.0.1/", "ws://u@h/", "/x"]) expect(await codeOf(() => connectWebSocket({ ...config, url }))).toBe("caller");
    const { WebSocket: _, ...without } = config;
    if ((globalThis as { WebSocket?: unknown }).WebSocket === undefined) expect(await codeOf(() => connectWebSocket(without))).toBe("caller");
    expect(await codeOf(() => connectWebSocket(config))).toBe("transport");
  });

  it("sends nothing without the subprotocol", async () => {
    const seen: unknown[] = [];
    expect(await against((socket) => socket.on("message", (data) => seen.push(data)), {}, false)).toBe("transport");
    expect(seen).toEqual([]);
  });

  it("ends with what the other side does instead", async () => {
    expect(await against((socket) => socket.send("text"))).toBe("transport");
    expect(await against((socket) => socket.close())).toBe("transport");
    expect(await against((socket) => socket.send(Uint8Array.of(15, 40)))).toBe("peer_alert");
    expect(await against((socket) => socket.send(new Uint8Array()))).toBe("message_truncated");
    expect(await against((socket) => socket.send(new Uint8Array(65_536).fill(2)))).toBe("message_too_long");
    expect(await against(() => undefined, { timeout: 50 })).toBe("timeout");
    const server = await silent();
    stops.push(server.stop);
    expect(await codeOf(() => connectWebSocket({ ...connecting(server.url, pair()), timeout: 50 }))).toBe("timeout");
  });

  it("tells the other side with a clear alert, denied not before its time", async () => {
    const answers: string[] = [];
    const { listener, options } = await listening();
    stops.push(listener.stop);
    const other = { ...options, meant: { did: newIdentity(1).did }, denyDelay: 40 };
    const began = performance.now();
    expect(await codeOf(() => connectWebSocket(other))).toBe("not_admitted");
    expect(performance.now() - began).toBeGreaterThanOrEqual(39);
    await (listener.accepted[0] as Promise<unknown>).catch((fault: DidshakeError) => answers.push(fault.code));
    expect(answers).toEqual(["peer_alert"]);
  });

  it("fails at another origin than the responder's (R-BIND-7)", async () => {
    const { listener, options } = await listening({ responder: { prologue: utf8("https://elsewhere.example") } });
    stops.push(listener.stop);
    expect(await codeOf(() => connectWebSocket(options))).toBe("sealed_part_not_opened");
    expect(await codeOf(() => listener.accepted[0] as Promise<unknown>)).toBe("peer_alert");
  });

  it("is refused by a responder that does not admit the initiator", async () => {
    const { listener, options } = await listening({ responder: { admit: { did: newIdentity(1).did } } });
    stops.push(listener.stop);
    expect(await codeOf(() => connectWebSocket(options))).toBe("peer_alert");
    expect(await codeOf(() => listener.accepted[0] as Promise<unknown>)).toBe("not_admitted");
  });
});
