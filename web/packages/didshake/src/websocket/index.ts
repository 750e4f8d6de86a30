/**
 * didshake over a WebSocket (section 15.3 of the specification): both roles, and the channel that stands afterwards. In a browser
 * the platform's WebSocket carries it; elsewhere the caller gives one of the same interface, such as that of `ws`.
 *
 * @packageDocumentation
 */
export { SUBPROTOCOL } from "./frames.js";
export type { WebSocketConstructor, WebSocketLike } from "./frames.js";
export { acceptWebSocket, connectWebSocket } from "./handshake.js";
export type { AcceptOptions, ConnectOptions } from "./handshake.js";
export { WebSocketChannel } from "./channel.js";
