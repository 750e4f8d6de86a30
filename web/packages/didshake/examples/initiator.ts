import { didKey, Initiator, SoftwareSigner, STREAM, systemClock, systemRandom, type Established } from "didshake";

/** `exchange` sends one message of the binding and gives back the next one that comes. */
export async function connect(secret: Uint8Array, peer: string, exchange: (message: Uint8Array) => Promise<Uint8Array>): Promise<Established> {
  const signer = SoftwareSigner.fromSecret(1, secret);
  const identity = { did: didKey(signer.publicKey), fragment: "", signer };
  const config = { binding: STREAM, identity, meant: { did: peer }, applicationProtocol: "didshake.chat/1" } as const;
  const hello = new Initiator({ ...config, clock: systemClock, random: systemRandom }).start();
  let step = await hello.next.receive(await exchange(hello.message));
  if (step.kind === "retry") step = await step.next.receive(await exchange(step.message));
  return step.next.receive(await exchange(step.message));
}
