// Mailbox keys, letters and cards: the kinds of `check` that read them, and those of `make`.
import { fromHex } from "../src/bytes.js";
import { makeCard } from "../src/card/card.js";
import { cardLink, cardOfLink } from "../src/card/link.js";
import { systemRandom } from "../src/index.js";
import { sealLetter } from "../src/mailbox/envelope.js";
import { MailboxKeyPair } from "../src/mailbox/key.js";
import { contentsOf, readCard } from "../test/support/card.js";
import { readEnvelope, readKey } from "../test/support/mailbox.js";
import { identityOf, queue } from "../test/support/peers.js";
import type { CardVector, MailboxVector } from "../test/support/vector.js";
import type { Request } from "./attempt.js";

type Kinds = Record<string, (request: Request) => object | Promise<object>>;

const own = ({ signing_key: secret_key, ...side }: Request) => identityOf({ ...side, secret_key } as Parameters<typeof identityOf>[0]);

export const READ: Kinds = {
  async mailbox_key({ mailbox_key, view }) {
    const { owner, publicKey, id, ends } = await readKey({ mailbox_key, sender_view: view } as MailboxVector);
    return { did: owner.did, public_key: publicKey, key_id: id, ends };
  },
  async letter({ envelope, mailbox_key, owner, view }) {
    const letter = await readEnvelope({ envelope, mailbox_key, owner, recipient_view: view } as MailboxVector);
    const { sender: { did, fragment, algorithm }, messageId, sent, expires, contentType, content } = letter;
    return { did, fragment, algorithm, message_id: messageId, sent, expires, content_type: contentType, content };
  },
  async card({ card, view }) {
    const { owner, issued, ends, endpoints, name, mailbox } = await readCard({ reader_view: view } as CardVector, fromHex(card));
    const { did, fragment, algorithm } = owner;
    const token = mailbox?.token?.bytes() ?? "";
    return { did, fragment, algorithm, issued, ends: ends ?? 0, endpoints, name: name ?? "", mailbox: mailbox?.url ?? "", token };
  },
  card_link: ({ link }) => ({ card: cardOfLink(link) }),
};

export const MADE: Kinds = {
  async mailbox_key({ owner }) {
    const { begins, ends, mailbox_secret } = owner;
    const pair = await MailboxKeyPair.generate({
      identity: own(owner), begins, lifetime: ends - begins, clock: () => begins, random: queue([mailbox_secret]),
    });
    return { mailbox_key: pair.signedKey };
  },
  async letter({ sender, mailbox_key, view }) {
    const to = await readKey({ mailbox_key, sender_view: view } as MailboxVector);
    const { message_id, ephemeral_ikm, sent, expires, content_type: contentType, content } = sender;
    const random = ephemeral_ikm === undefined ? systemRandom : queue([message_id, ephemeral_ikm]);
    return sealLetter({
      identity: own(sender), to, contentType, content: fromHex(content), sent, lifetime: expires - sent, clock: () => view.now, random,
    }).then(({ envelope }) => ({ envelope }));
  },
  async card({ owner, contents }) {
    const card = await makeCard({ identity: own(owner), ...contentsOf(contents), clock: () => contents.issued });
    return { card, link: cardLink(card) };
  },
};
