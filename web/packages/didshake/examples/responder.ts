import { MemoryBurnStore, Responder, STREAM, systemClock, systemRandom, type Established, type LocalIdentity } from "didshake";

/** `receive` gives the next message of the connection, `send` sends one. An error's `answer` is sent before closing. */
export async function accept(identity: LocalIdentity, receive: () => Promise<Uint8Array>, send: (message: Uint8Array) => void): Promise<Established> {
  const responder = new Responder({
    binding: STREAM, identities: [identity], admit: { methods: ["key", "jwk"] }, applicationProtocols: ["didshake.chat/1"],
    lifetime: 0, burn: new MemoryBurnStore(systemClock), clock: systemClock, random: systemRandom,
  });
  let step = await responder.waitHello().receive(await receive());
  send(step.message);
  if (step.kind === "retry") {
    step = await step.next.receive(await receive());
    send(step.message);
  }
  const finished = await step.next.receive(await receive());
  send(finished.message);
  return finished.established;
}
