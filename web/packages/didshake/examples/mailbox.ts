import { DidWebResolver, systemClock, systemRandom, type LocalIdentity } from "didshake";
import { MailboxKeyPair, openEnvelope, sealLetter, verifyMailboxKey } from "didshake/mailbox";

const resolvers = [new DidWebResolver({ fetch })];

/** The owner: makes a mailbox key for 30 days. `signedKey` is for senders; `stored()` is for the owner's own store. */
export function openMailbox(identity: LocalIdentity): Promise<MailboxKeyPair> {
  return MailboxKeyPair.generate({ identity, lifetime: 2_592_000, clock: systemClock, random: systemRandom });
}

/** The sender: verifies the mailbox key of whom the letter is for, and seals the letter to it. */
export async function write(identity: LocalIdentity, recipient: string, signedKey: Uint8Array, text: string): Promise<Uint8Array> {
  const to = await verifyMailboxKey(signedKey, { meant: { did: recipient }, clock: systemClock, resolvers });
  const { envelope } = await sealLetter({
    identity, to, contentType: "text/plain", content: new TextEncoder().encode(text), lifetime: 604_800, clock: systemClock,
    random: systemRandom,
  });
  return envelope;
}

/** The owner again: opens an envelope and knows who wrote it. Keep `messageId` until `expires`: a relay can show it twice. */
export async function read(envelope: Uint8Array, keys: readonly MailboxKeyPair[], friends: readonly string[]): Promise<string> {
  const admit = (did: string): boolean => friends.includes(did);
  const { content } = await openEnvelope(envelope, { keys, admit: { admit }, clock: systemClock, resolvers });
  return new TextDecoder().decode(content);
}
