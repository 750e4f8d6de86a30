import { systemClock, systemRandom, type LocalIdentity } from "didshake";
import { connectWebSocket, type WebSocketConstructor } from "didshake/websocket";

/** Says one thing to a peer, and gives back all that it answers. `WebSocket` is needed in Node before version 22: that of `ws`. */
export async function converse(
  url: string, peer: string, identity: LocalIdentity, words: string, WebSocket: WebSocketConstructor = globalThis.WebSocket,
): Promise<string[]> {
  const channel = await connectWebSocket({
    url, meant: { did: peer }, identity, applicationProtocol: "didshake.chat/1", clock: systemClock, random: systemRandom, WebSocket,
  });
  await channel.send(new TextEncoder().encode(words));
  await channel.close();
  const answers: string[] = [];
  for await (const message of channel) answers.push(new TextDecoder().decode(message));
  return answers;
}
