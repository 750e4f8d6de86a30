import { concat, copyBytes, latin1, Reader, u32, u8, utf8, vec16, vec8 } from "../bytes.js";
import { callerFault, refuse } from "../errors.js";
import { authorBytes, isTime, readSignedAuthor, readU64, SKEW, u64, type Author, type SignedAuthor } from "./signed.js";

/** Longest content of a letter in bytes. */
export const MAX_LETTER_CONTENT = 65_536;
/** Seconds that a letter lives at most: 30 days. */
export const MAX_LETTER_LIFETIME = 2_592_000;
/** Length of a message id in bytes. */
export const MESSAGE_ID = 16;

/** The size classes of section 3.1, in bytes. */
export const CLASSES: readonly number[] = [512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072];

const CONTENT_TYPE = /^[\x21-\x7e]{1,255}$/;
const SIGNED = concat(utf8("didshake/1 envelope"), u8(0));

/** What a sender says in a letter. */
export interface LetterBody {
  /** 16 bytes. */
  readonly messageId: Uint8Array;
  /** Unix seconds. */
  readonly sent: number;
  /** Unix seconds. */
  readonly expires: number;
  readonly contentType: string;
  readonly content: Uint8Array;
}

/** A letter that has a right form. */
export interface DecodedLetter extends Omit<LetterBody, "sent" | "expires"> {
  readonly author: SignedAuthor;
  readonly sent: bigint;
  readonly expires: bigint;
}

/** For whom and in which envelope a letter is. */
export interface Addressed {
  /** The recipient's DID. */
  readonly did: string;
  /** The mailbox key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** HPKE's encapsulated key, 32 bytes. */
  readonly enc: Uint8Array;
}

/** A copy of what is to be written. Errors: `caller`. */
export function checkBody(body: LetterBody): LetterBody {
  const { sent, expires, contentType } = body;
  const messageId = copyBytes(body.messageId, "a message id", MESSAGE_ID);
  const content = copyBytes(body.content, "content", MAX_LETTER_CONTENT);
  if (messageId.length !== MESSAGE_ID) callerFault("a message id is 16 bytes");
  if (!isTime(sent) || !isTime(expires)) callerFault("sent is Unix seconds");
  if (sent >= expires || expires - sent > MAX_LETTER_LIFETIME) callerFault("a letter lives for 1 s to 30 days");
  if (!CONTENT_TYPE.test(contentType)) callerFault("a content type is 1 to 255 visible characters of ASCII");
  if (content.length > MAX_LETTER_CONTENT) callerFault("content is at most 65,536 bytes");
  return { messageId, sent, expires, contentType, content };
}

/** From the message id to the content: the same bytes in the letter and in what is signed. */
function bodyBytes({ messageId, sent, expires, contentType, content }: LetterBody): Uint8Array {
  return concat(messageId, u64(sent), u64(expires), vec8(utf8(contentType)), u32(content.length), content);
}

/** What the sender signs. */
export function letterInput(author: Author, { did, publicKey, enc }: Addressed, body: LetterBody): Uint8Array {
  return concat(SIGNED, authorBytes(author), vec16(utf8(did)), publicKey, enc, bodyBytes(body));
}

/** The smallest size class that holds so many bytes. The longest letter has 68,199. */
function classOf(length: number): number {
  return CLASSES.find((size) => size >= length) as number;
}

/** A letter with its padding. */
export function encodeLetter(author: SignedAuthor, body: LetterBody): Uint8Array {
  const fields = concat(authorBytes(author), author.signature, bodyBytes(body));
  const letter = new Uint8Array(classOf(fields.length));
  letter.set(fields);
  fields.fill(0);
  return letter;
}

/** Step 4 of section 3.2, in the order of the fields. The bytes of the letter are copied. */
export function decodeLetter(letter: Uint8Array): DecodedLetter {
  const reader = new Reader(letter, "letter_malformed");
  const author = readSignedAuthor(reader);
  const messageId = Uint8Array.from(reader.take(MESSAGE_ID));
  const [sent, expires] = [readU64(reader), readU64(reader)];
  const contentType = latin1(reader.vec8());
  if (!CONTENT_TYPE.test(contentType)) refuse("letter_malformed");
  const length = reader.u32();
  if (length > MAX_LETTER_CONTENT) refuse("letter_malformed");
  const content = Uint8Array.from(reader.take(length));
  if (classOf(reader.position) !== letter.length) refuse("letter_malformed");
  if (reader.rest().some((byte) => byte !== 0)) refuse("letter_malformed");
  return { author, messageId, sent, expires, contentType, content };
}

/** Steps 5 and 6 of section 3.2. The times that pass are small enough for numbers. */
export function checkTimes(letter: DecodedLetter, now: number): LetterBody {
  const { messageId, sent, expires, contentType, content } = letter;
  if (sent >= expires || expires - sent > MAX_LETTER_LIFETIME || sent > now + SKEW) refuse("letter_time");
  if (expires <= now) refuse("letter_expired");
  return { messageId, sent: Number(sent), expires: Number(expires), contentType, content };
}
