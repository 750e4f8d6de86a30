import { concat, copyBytes, Reader, u8, utf8 } from "../bytes.js";
import { checkLocal, type Clock, type LocalIdentity, type VerifiedPeer } from "../config.js";
import { names } from "../did.js";
import { callerFault, refuse } from "../errors.js";
import {
  authorBytes, authorOf, checkAuthor, isTime, readAuthor, readClock, readU64, sign, SKEW, u64, unanswered, type Author, type MailboxView,
  type SignedAuthor,
} from "../mailbox/signed.js";
import { addressBytes, readAddresses, type CardContents, type CardMailbox } from "./contents.js";
import { MAX_CARD } from "./link.js";

const TYPE = 34;
const VERSION = 1;
const SIGNATURE = 64;
const SIGNED = concat(utf8("didshake/1 contact card"), u8(0));

/** What an owner makes a card of. */
export interface CardOptions extends Omit<CardContents, "issued"> {
  /** Whose card it is; its signer signs it. */
  readonly identity: LocalIdentity;
  /** Unix seconds; now, unless given. */
  readonly issued?: number;
  readonly clock: Clock;
}

/** How a reader reads a card. */
export interface CardView extends MailboxView {
  /**
   * Whose card it is to be. `any`: whoever's it is, where a user brings the card of somebody new, whom they mean by that. A card that is
   * to replace one that was kept is of the owner of that one: `{ did }`.
   */
  readonly meant: { readonly did: string } | { readonly any: true };
}

/**
 * Writes and signs a card (R-CARD-1): bytes, of which `cardLink` makes the link. A deposit token in it is a secret.
 * @throws DidshakeError `caller` for what cannot be written; `own_failure` if the signer fails
 */
export async function makeCard(options: CardOptions): Promise<Uint8Array> {
  const { identity, clock, ends } = options;
  checkLocal(identity);
  const issued = options.issued ?? readClock(clock);
  if (!isTime(issued) || (ends !== undefined && (!isTime(ends) || ends <= issued))) callerFault("a card ends after it was issued");
  const head = concat(u8(TYPE), u8(VERSION), u64(issued), u64(ends ?? 0), authorBytes(authorOf(identity)), addressBytes(options));
  return concat(head, await sign(identity, concat(SIGNED, head)));
}

/** A card that has the right form. */
interface Decoded extends Pick<CardContents, "endpoints" | "name" | "mailbox"> {
  readonly issued: bigint;
  readonly ends: bigint;
  readonly owner: SignedAuthor;
  /** What the owner has signed. */
  readonly message: Uint8Array;
}

/** The form of a card, field by field. */
function decode(bytes: Uint8Array): Decoded {
  const reader = new Reader(bytes, "card_malformed");
  if (reader.u8() !== TYPE || reader.u8() !== VERSION) refuse("card_malformed");
  const [issued, ends] = [readU64(reader), readU64(reader)];
  const author: Author = readAuthor(reader);
  const addresses = readAddresses(reader);
  const owner = { ...author, signature: Uint8Array.from(reader.take(SIGNATURE)) };
  if (reader.remaining > 0) refuse("card_malformed");
  return { issued, ends, owner, ...addresses, message: concat(SIGNED, bytes.subarray(0, bytes.length - SIGNATURE)) };
}

/** A card that has passed the checks of section 3. {@link verifyCard} makes it. */
export class Card implements CardContents {
  /** Whose it is, with the key that its signature was verified with. */
  readonly owner: VerifiedPeer;
  readonly issued: number;
  readonly ends?: number;
  readonly endpoints: readonly string[];
  readonly name?: string;
  readonly mailbox?: CardMailbox;

  private constructor(owner: VerifiedPeer, { issued, ends, endpoints, name, mailbox }: Decoded) {
    [this.owner, this.issued, this.endpoints] = [owner, Number(issued), endpoints];
    if (ends !== 0n) this.ends = Number(ends);
    if (name !== undefined) this.name = name;
    if (mailbox !== undefined) this.mailbox = mailbox;
  }

  /** @internal All checks of section 3, in their order. */
  static async verify(bytes: Uint8Array, view: CardView): Promise<Card> {
    const now = readClock(view.clock);
    const decoded = decode(copyBytes(bytes, "a card", MAX_CARD));
    const { issued, ends, owner, message } = decoded;
    if (ends !== 0n && ends <= issued) refuse("card_period");
    if (issued > now + SKEW || (ends !== 0n && ends <= now)) refuse("card_time");
    if ("did" in view.meant && !names(view.meant.did, owner.did)) refuse("not_admitted");
    return new Card(await checkAuthor(owner, message, now, view), decoded);
  }

  /** True from `ends` on: a card that was kept is asked whenever it is used (R-CARD-3). */
  isOver(now: number): boolean {
    return this.ends !== undefined && now >= this.ends;
  }

  /** Whether it takes the place of one that was kept: it is of the same owner and was issued later (R-CARD-4). */
  replaces(kept: Card): boolean {
    return this.owner.did === kept.owner.did && this.issued > kept.issued;
  }
}

/**
 * The checks of a reader (section 3), in their order.
 * @param bytes the card, from a link (`cardOfLink`) or from wherever it came
 * @throws DidshakeError with the code of the check that fails, and without an alert: nothing is answered
 */
export function verifyCard(bytes: Uint8Array, view: CardView): Promise<Card> {
  return unanswered(() => Card.verify(bytes, view));
}
