import { utf8 } from "../bytes.js";
import { WEBSOCKET } from "../config.js";
import { callerFault, DidshakeError } from "../errors.js";
import type { Established } from "../established.js";
import { transportFailure, withDeadline } from "../fetching.js";
import { Initiator, type InitiatorConfig } from "../initiator.js";
import { originOf } from "../origin.js";
import type { Responder } from "../responder.js";
import { WebSocketChannel } from "./channel.js";
import { Frames, SUBPROTOCOL, type WebSocketConstructor, type WebSocketLike } from "./frames.js";

/** Milliseconds for a whole attempt (R-LIMIT-2). */
const TIMEOUT = 60_000;
/** Milliseconds from the message before which `denied` does not leave (R-CHECK-8). */
const DENY_DELAY = 100;

interface Timing {
  /** Milliseconds for the whole attempt; 60,000 unless given. */
  readonly timeout?: number;
  /** Milliseconds from the message before which `denied` does not leave; 100 unless given. */
  readonly denyDelay?: number;
}

/** One attempt as the initiator. The origin of `url` is the prologue (R-BIND-6). */
export interface ConnectOptions extends Omit<InitiatorConfig, "binding" | "prologue" | "signal">, Timing {
  /** A wss URL, or ws for tests. */
  readonly url: string;
  /** The platform's unless given. Node has one from version 22 on. */
  readonly WebSocket?: WebSocketConstructor;
}

/** One attempt as the responder, on a socket that a server has opened. */
export interface AcceptOptions extends Timing {
  /** Configured with binding 2, and the server's own origin as prologue (R-BIND-7). */
  readonly responder: Responder;
}

/** A state of the handshake that takes a message. */
interface Waiting<T> {
  receive(message: Uint8Array): T | Promise<T>;
  end(): void;
}

/**
 * Opens a WebSocket and runs the handshake as the initiator. Nothing is repeated: after a failure a new attempt begins.
 * @throws DidshakeError with the code of what failed, `transport`, `timeout`, or `caller`. What is to be answered was sent, and
 *   the connection is closed
 */
export async function connectWebSocket(options: ConnectOptions): Promise<WebSocketChannel> {
  const { url, WebSocket: own, timeout, denyDelay, ...config } = options;
  const place = originOf(url);
  if (place === undefined || place.binding !== WEBSOCKET) callerFault("the endpoint is a wss or ws URL with an origin");
  const Socket = own ?? (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket;
  if (Socket === undefined) callerFault("no WebSocket here: give one, such as that of `ws`");
  return attempt({ timeout, denyDelay }, () => opening(Socket, url), (signal, frames, ask) => {
    const initiator = new Initiator({ ...config, binding: WEBSOCKET, prologue: utf8(place.origin), signal });
    return initiate(initiator, frames, ask);
  });
}

/**
 * Runs the handshake as the responder. To be called in the turn in which the server gives the socket: messages that came before
 * are lost. Errors: as {@link connectWebSocket}.
 */
export function acceptWebSocket(socket: WebSocketLike, { responder, timeout, denyDelay }: AcceptOptions): Promise<WebSocketChannel> {
  return attempt({ timeout, denyDelay }, () => socket, (_, frames, ask) => respond(responder, frames, ask));
}

/** Errors: `transport` where the platform opens none, as from a page over https to ws. */
function opening(Socket: WebSocketConstructor, url: string): WebSocketLike {
  try {
    return new Socket(url, SUBPROTOCOL);
  } catch {
    throw transportFailure("the platform opens no connection to this URL");
  }
}

/** Waits for a message and gives it to a state. */
type Ask = <T>(state: Waiting<T>) => Promise<T>;
type Run = (signal: AbortSignal, frames: Frames, ask: Ask) => Promise<Established>;
type Times = { readonly [Name in keyof Timing]: Timing[Name] | undefined };

async function attempt({ timeout, denyDelay }: Times, open: () => WebSocketLike, run: Run): Promise<WebSocketChannel> {
  let came = 0;
  const frames = new Frames(open());
  try {
    return await withDeadline(timeout ?? TIMEOUT, async (signal) => {
      const ask: Ask = async (state) => {
        const message = await messageFor(state, frames, signal);
        came = performance.now();
        return state.receive(message);
      };
      await frames.opened(signal);
      return new WebSocketChannel(await run(signal, frames, ask), frames);
    });
  } catch (fault) {
    const wait = came + (denyDelay ?? DENY_DELAY) - performance.now();
    if (fault instanceof DidshakeError && fault.delayed && wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    frames.refuse(fault);
    throw fault;
  }
}

async function initiate(initiator: Initiator, frames: Frames, ask: Ask): Promise<Established> {
  const hello = initiator.start();
  await frames.send(hello.message);
  let step = await ask(hello.next);
  if (step.kind === "retry") {
    await frames.send(step.message);
    step = await ask(step.next);
  }
  await frames.send(step.message);
  return ask(step.next);
}

async function respond(responder: Responder, frames: Frames, ask: Ask): Promise<Established> {
  let step = await ask(responder.waitHello());
  await frames.send(step.message);
  if (step.kind === "retry") {
    step = await ask(step.next);
    await frames.send(step.message);
  }
  const { message, established } = await ask(step.next);
  await frames.send(message);
  return established;
}

/** The next message; where none comes the state is ended, which wipes its secrets. */
async function messageFor(state: Waiting<unknown>, frames: Frames, signal: AbortSignal): Promise<Uint8Array> {
  try {
    const frame = await frames.next(signal);
    if (frame instanceof Uint8Array) return frame;
    throw transportFailure(frame === "text" ? "a text message" : "the connection ended");
  } catch (fault) {
    state.end();
    throw fault;
  }
}
