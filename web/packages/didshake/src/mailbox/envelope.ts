import { concat, copyBytes, u8, utf8, wipe } from "../bytes.js";
import { admits } from "../checks.js";
import { checkLocal, type Admission, type Clock, type LocalIdentity, type Random, type VerifiedPeer } from "../config.js";
import { callerFault, refuse } from "../errors.js";
import { deriveKeyPair, encap, keySchedule, openOnce, sealOnce, type KeyPair } from "./hpke.js";
import { checkTime, MailboxKey, MailboxKeyPair } from "./key.js";
import {
  checkBody, checkTimes, CLASSES, decodeLetter, encodeLetter, letterInput, MESSAGE_ID, type DecodedLetter, type LetterBody,
} from "./letter.js";
import { authorOf, checkAuthor, drawBytes, readClock, sign, unanswered, type MailboxView } from "./signed.js";

const TYPE = 33;
const VERSION = 1;
/** Type, version and key id: the associated data. */
const HEAD = 18;
/** What is before the sealed letter. */
const BEFORE = 50;
const TAG = 16;
const INFO = utf8("didshake/1 envelope");

/** Longest envelope in bytes. */
export const MAX_ENVELOPE = 131_072 + BEFORE + TAG;

/** A letter to be written. */
export interface LetterToSeal {
  /** The sender; its signer signs the letter. */
  readonly identity: LocalIdentity;
  /** The mailbox key of whom it is for. */
  readonly to: MailboxKey;
  /** 1 to 255 visible characters of ASCII, such as `text/plain`. */
  readonly contentType: string;
  /** At most 65,536 bytes. */
  readonly content: Uint8Array;
  /** Seconds until it expires, at most 2,592,000: 30 days. */
  readonly lifetime: number;
  /** Unix seconds; now, unless given. One letter that is sent again keeps it. */
  readonly sent?: number;
  /** 16 bytes; new random ones, unless given. One letter that is sent again keeps it. */
  readonly messageId?: Uint8Array;
  readonly clock: Clock;
  readonly random: Random;
}

/** An envelope that a relay can have, and what its sender may want to keep of it. */
export interface SealedLetter {
  readonly envelope: Uint8Array;
  /** 16 bytes. */
  readonly messageId: Uint8Array;
  /** Unix seconds. */
  readonly sent: number;
  /** Unix seconds. */
  readonly expires: number;
}

/** A letter that has passed every check of section 3.2. A relay can show it again: tell by the sender's DID and the message id. */
export interface ReceivedLetter extends LetterBody {
  /** Who wrote it, with the key that its signature was verified with. */
  readonly sender: VerifiedPeer;
  /** The DID of the mailbox that it is for. */
  readonly recipient: string;
}

/** What a recipient opens envelopes with. */
export interface MailboxRecipient extends MailboxView {
  /** The mailbox keys of our own, those too that have ended and are not yet over. */
  readonly keys: readonly MailboxKeyPair[];
  /** Of whom we take letters. There is no default. */
  readonly admit: Admission;
}

/**
 * Writes, signs and seals one letter, with a fresh encapsulation (R-MBOX-3).
 * @throws DidshakeError `caller` for what cannot be in a letter; `mailbox_key_time` if the mailbox key has ended since it was
 * verified; `key_invalid` if its public key makes Diffie-Hellman give zeros; `own_failure` if the signer or the source of
 * randomness fails
 */
export function sealLetter(letter: LetterToSeal): Promise<SealedLetter> {
  return unanswered(() => sealed(letter));
}

async function sealed(letter: LetterToSeal): Promise<SealedLetter> {
  const { identity, to, clock, random, lifetime } = letter;
  checkLocal(identity);
  if (!(to instanceof MailboxKey)) callerFault("not a verified mailbox key");
  if (!Number.isInteger(lifetime)) callerFault("a lifetime is seconds");
  const now = readClock(clock);
  checkTime(to, now);
  const sent = letter.sent ?? now;
  const messageId = letter.messageId ?? drawBytes(random, MESSAGE_ID);
  const { contentType, content } = letter;
  const body = checkBody({ messageId, sent, expires: sent + lifetime, contentType, content });
  const ikm = drawBytes(random, 32);
  const ephemeral = deriveKeyPair(ikm);
  wipe(ikm);
  try {
    const envelope = await envelopeOf(identity, to, ephemeral, body);
    return { envelope, messageId: body.messageId, sent, expires: body.expires };
  } finally {
    wipe(ephemeral.secret, body.content);
  }
}

async function envelopeOf(identity: LocalIdentity, to: MailboxKey, ephemeral: KeyPair, body: LetterBody): Promise<Uint8Array> {
  const enc = ephemeral.publicKey;
  const shared = encap(ephemeral, to.publicKey) ?? refuse("key_invalid");
  const context = keySchedule(shared, INFO);
  const author = authorOf(identity);
  const message = letterInput(author, { did: to.owner.did, publicKey: to.publicKey, enc }, body);
  try {
    const plain = encodeLetter({ ...author, signature: await sign(identity, message) }, body);
    const head = concat(u8(TYPE), u8(VERSION), to.id);
    const envelope = concat(head, enc, sealOnce(context, head, plain));
    wipe(plain);
    return envelope;
  } finally {
    wipe(context.key, context.baseNonce, message);
  }
}

/**
 * The checks of a recipient (section 3.2), in their order. Nobody is resolved who is not admitted (R-MBOX-5).
 * @param envelope as a relay gave it
 * @throws DidshakeError with the code of the check that fails, and without an alert: nothing is answered
 */
export function openEnvelope(envelope: Uint8Array, recipient: MailboxRecipient): Promise<ReceivedLetter> {
  return unanswered(() => opened(copyBytes(envelope, "an envelope", MAX_ENVELOPE), recipient));
}

async function opened(envelope: Uint8Array, recipient: MailboxRecipient): Promise<ReceivedLetter> {
  const now = readClock(recipient.clock);
  checkForm(envelope);
  const [id, enc] = [envelope.subarray(2, HEAD), envelope.subarray(HEAD, BEFORE)];
  const pair = recipient.keys.find((one) => one.opens(id, now)) ?? refuse("envelope_key_unknown");
  const letter = openLetter(envelope, pair);
  const body = checkTimes(letter, now);
  if (!(await admits(recipient.admit, letter.author.did))) refuse("not_admitted");
  const message = letterInput(letter.author, { did: pair.did, publicKey: pair.publicKey, enc }, body);
  const sender = await checkAuthor(letter.author, message, now, recipient);
  return { sender, recipient: pair.did, ...body };
}

/** Step 1. */
function checkForm(envelope: Uint8Array): void {
  if (!CLASSES.includes(envelope.length - BEFORE - TAG)) refuse("envelope_malformed");
  if (envelope[0] !== TYPE || envelope[1] !== VERSION) refuse("envelope_malformed");
}

/** Steps 3 and 4. */
function openLetter(envelope: Uint8Array, pair: MailboxKeyPair): DecodedLetter {
  const shared = pair.decap(envelope.subarray(HEAD, BEFORE)) ?? refuse("envelope_not_opened");
  const context = keySchedule(shared, INFO);
  const plain = openOnce(context, envelope.subarray(0, HEAD), envelope.subarray(BEFORE)) ?? refuse("envelope_not_opened");
  try {
    return decodeLetter(plain);
  } finally {
    wipe(plain);
  }
}
