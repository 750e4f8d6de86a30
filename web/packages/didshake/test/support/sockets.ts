import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import { WebSocket, WebSocketServer } from "ws";
import { utf8 } from "../../src/bytes.js";
import { WEBSOCKET } from "../../src/config.js";
import { Responder } from "../../src/responder.js";
import { acceptWebSocket, type AcceptOptions, type ConnectOptions } from "../../src/websocket/handshake.js";
import type { WebSocketChannel } from "../../src/websocket/channel.js";
import type { WebSocketConstructor } from "../../src/websocket/frames.js";
import { pair, type Pair } from "./loopback.js";

/** The WebSocket of `ws`. */
export const Socketed: WebSocketConstructor = WebSocket;
/** What has to compile too: the WebSocket of browsers, and of Node from version 22 on. */
export type Native = typeof globalThis.WebSocket extends WebSocketConstructor ? true : never;
export const native: Native = true;

/** A responder behind a server of `ws`. */
export interface Listening {
  readonly port: number;
  readonly url: string;
  /** What came of each connection, in order. */
  readonly accepted: Promise<WebSocketChannel>[];
  /** The sockets of the server's side. */
  readonly sockets: WebSocket[];
  /** What is to be done with each channel. */
  onChannel?: (channel: WebSocketChannel, socket: WebSocket) => unknown;
  readonly stop: () => void;
}

/** Two sides that fit each other; the origin is that of the server. */
export async function listening(sides: Parameters<typeof pair>[0] = {}, accept: Partial<AcceptOptions> = {}) {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, handleProtocols: (names) => (names.has("didshake.1") ? "didshake.1" : false) });
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const prologue = utf8(`http://127.0.0.1:${port}`);
  const both = pair({ binding: WEBSOCKET, ...sides, responder: { prologue, ...sides.responder } });
  const responder = new Responder(both.responder);
  const listener: Listening = {
    port, url: `ws://127.0.0.1:${port}/`, accepted: [], sockets: [],
    stop: () => {
      for (const socket of server.clients) socket.terminate();
      server.close();
    },
  };
  server.on("connection", (socket) => {
    listener.sockets.push(socket);
    const result = acceptWebSocket(socket, { responder, denyDelay: 0, ...accept });
    result.then((channel) => listener.onChannel?.(channel, socket)).catch(() => undefined);
    listener.accepted.push(result);
  });
  return { listener, options: connecting(listener.url, both) };
}

/** What the initiator of two sides connects with. */
export function connecting(url: string, { initiator }: Pair): ConnectOptions {
  const { binding: _, prologue: __, signal: ___, ...config } = initiator;
  return { ...config, url, WebSocket: Socketed, denyDelay: 0 };
}

/** A server of `ws` that does with each socket what it is told. */
export async function raw(onSocket: (socket: WebSocket) => void, protocol: string | false = "didshake.1") {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, handleProtocols: () => protocol });
  await new Promise((resolve) => server.once("listening", resolve));
  server.on("connection", onSocket);
  const stop = (): void => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  };
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, stop };
}

/** A server that takes connections and says nothing. */
export async function silent() {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.on("error", () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, sockets, stop };
}
