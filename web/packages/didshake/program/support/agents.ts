import { utf8 } from "../../src/bytes.js";
import { systemClock, systemRandom, type Admission, type LocalIdentity } from "../../src/config.js";
import type { ReceivedLetter } from "../../src/mailbox/envelope.js";
import { Depositor, Mailbox, MemoryMailboxStore, RelayOwner, type MailboxOptions, type Receiving } from "../../src/relay/index.js";
import { newIdentity } from "../../test/support/loopback.js";

/** Where a relay is, and who. */
export interface Relay { readonly origin: string; readonly did: string }

export const platform = { clock: systemClock, random: systemRandom };

/** The owner's side of a relay, for this identity. */
export function ownerAt({ origin, did }: Relay, identity: LocalIdentity): RelayOwner {
  return new RelayOwner({ ...platform, url: `${origin}/didshake`, meant: { did }, identity, fetch });
}

/** A mailbox of this identity, whose letters are everybody's. */
export function mailboxAt(relay: Relay, identity: LocalIdentity, more: Partial<MailboxOptions> = {}): Promise<Mailbox> {
  const admit: Admission = { any: true };
  return Mailbox.open({ ...platform, owner: ownerAt(relay, identity), identity, store: new MemoryMailboxStore(), admit, ...more });
}

/** A contact who may write to this mailbox. */
export async function contactOf(mailbox: Mailbox, recipient: string, identity = newIdentity(1), token?: string): Promise<Depositor> {
  return new Depositor({ ...platform, mailbox: mailbox.url, token: token ?? (await mailbox.invite()), recipient, identity, fetch });
}

/** A letter with these words. */
export const saying = (words: string, lifetime = 600) => ({ contentType: "text/plain", content: utf8(words), lifetime });

export const wordsOf = ({ content }: ReceivedLetter): string => new TextDecoder().decode(content);

/** So many letters, and no more than that. */
export async function next(mailbox: Mailbox, count: number, push?: Receiving["push"]): Promise<ReceivedLetter[]> {
  const letters: ReceivedLetter[] = [];
  const stop = new AbortController();
  for await (const letter of mailbox.letters({ signal: stop.signal, ...(push && { push }) })) {
    letters.push(letter);
    if (letters.length === count) break;
  }
  stop.abort();
  return letters;
}
