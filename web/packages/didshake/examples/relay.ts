import { systemClock, systemRandom, type LocalIdentity } from "didshake";
import { Depositor, Mailbox, RelayOwner, type MailboxStore } from "didshake/relay";

/** What a contact needs to write to a mailbox. */
export interface Link { readonly mailbox: string; readonly token: string; readonly recipient: string }

/** The owner: has a mailbox at a relay, takes the letters of friends, and answers each, once, in the order in which they were written. */
export async function receive(
  relay: { url: string; did: string }, identity: LocalIdentity, store: MailboxStore, friends: readonly string[],
  told: (link: Link) => void, heard: (from: string, words: string) => void, signal: AbortSignal,
): Promise<void> {
  const options = { identity, clock: systemClock, random: systemRandom };
  const owner = new RelayOwner({ ...options, url: relay.url, meant: { did: relay.did }, fetch });
  const mailbox = await Mailbox.open({ ...options, owner, store, admit: { admit: (did) => friends.includes(did) } });
  told({ mailbox: mailbox.url, token: await mailbox.invite(), recipient: identity.did });
  for await (const letter of mailbox.letters({ signal })) {
    heard(letter.sender.did, new TextDecoder().decode(letter.content));
    await mailbox.finish(letter);
  }
}

/** The contact: leaves a letter, which waits for up to a week. The relay does not learn whose it is. */
export async function leave(link: Link, identity: LocalIdentity, words: string): Promise<Depositor> {
  const depositor = new Depositor({ ...link, identity, fetch, clock: systemClock, random: systemRandom });
  await depositor.send({ contentType: "text/plain", content: new TextEncoder().encode(words), lifetime: 604_800 });
  return depositor;
}
