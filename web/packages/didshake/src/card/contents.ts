import { concat, latin1, u8, utf8, vec8, type Reader } from "../bytes.js";
import { callerFault, refuse } from "../errors.js";

/** How many endpoints a card lists at most. */
export const MAX_ENDPOINTS = 8;

const TOKEN = 32;
const MAX_NAME = 64;
const ENDPOINT = /^[a-z][a-z0-9+.-]*:[\x21-\x7e]*$/;
const MAILBOX = /^https?:\/\/[A-Za-z0-9\-._~!$&'()*+,;=:%[\]][A-Za-z0-9\-._~!$&'()*+,;=:/%[\]]*$/;
/** The ranges of section 2: what nobody sees, or what turns the direction of writing. */
const UNSEEN = new RegExp(
  "[\\u{0}-\\u{1f}\\u{7f}-\\u{a0}\\u{ad}\\u{34f}\\u{61c}\\u{115f}\\u{1160}\\u{1680}\\u{17b4}\\u{17b5}\\u{180b}-\\u{180f}\\u{2000}-\\u{200f}" +
  "\\u{2028}-\\u{202f}\\u{205f}-\\u{206f}\\u{2800}\\u{3000}\\u{3164}\\u{fe00}-\\u{fe0f}\\u{feff}\\u{ffa0}\\u{fff0}-\\u{fffb}" +
  "\\u{13430}-\\u{1345f}\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}\\u{f0000}-\\u{10ffff}]", "u");

/** Lets whoever has it leave letters in one mailbox: a secret. It does not show when the object is printed or written as JSON. */
export class DepositToken {
  readonly #bytes: Uint8Array;

  /** @param bytes 32 bytes from a cryptographically secure source, which are copied */
  constructor(bytes: Uint8Array) {
    if (!(bytes instanceof Uint8Array) || bytes.length !== TOKEN) callerFault("a deposit token is 32 bytes");
    this.#bytes = Uint8Array.from(bytes);
  }

  /** A copy, for the relay. */
  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  /** Overwrites the token; it is of no use afterwards. */
  wipe(): void {
    this.#bytes.fill(0);
  }
}

/** Where letters are left for the owner. */
export interface CardMailbox {
  /** The mailbox at the relay: also the prologue of a handshake through that relay, byte for byte. */
  readonly url: string;
  /** With what the relay takes letters for it; absent if it takes them without. */
  readonly token?: DepositToken;
}

/** What a card says beside whose it is. */
export interface CardContents {
  /** Unix seconds: of two cards of one owner the one that was issued later counts. */
  readonly issued: number;
  /** Unix seconds from which on it is good no more; absent if it does not end. */
  readonly ends?: number;
  /** Where the owner answers, in their order of preference. What each stands for is `reachOf`'s to say. */
  readonly endpoints: readonly string[];
  /** What the owner calls themselves: their own word, which proves nothing. */
  readonly name?: string;
  readonly mailbox?: CardMailbox;
}

type Addresses = Pick<CardContents, "endpoints" | "name" | "mailbox">;

const isEndpoint = (url: string): boolean => url.length <= 0xff && ENDPOINT.test(url);
const isMailbox = (url: string): boolean => url.length <= 0xff && MAILBOX.test(url);

function isName(name: string): boolean {
  // half of a surrogate pair is no UTF-8
  return !/\p{Surrogate}/u.test(name) && utf8(name).length <= MAX_NAME && !name.startsWith(" ") && !name.endsWith(" ") && !UNSEEN.test(name);
}

/** @internal Everything from the endpoints to the token. Errors: `caller`. */
export function addressBytes({ endpoints, name, mailbox }: Addresses): Uint8Array {
  if (endpoints.length > MAX_ENDPOINTS) callerFault("a card has at most 8 endpoints");
  if (!endpoints.every(isEndpoint)) callerFault("an endpoint is a URL of visible ASCII");
  if (name !== undefined && (name === "" || !isName(name))) callerFault("a name is 1 to 64 bytes of what can be seen");
  if (mailbox !== undefined && !isMailbox(mailbox.url)) callerFault("a mailbox is an https or http URL");
  const token = mailbox?.token?.bytes() ?? new Uint8Array();
  return concat(
    u8(endpoints.length), ...endpoints.map((url) => vec8(utf8(url))), vec8(utf8(name ?? "")), vec8(utf8(mailbox?.url ?? "")), vec8(token),
  );
}

/** @internal The same, read: each field checked where it stands. */
export function readAddresses(reader: Reader): Addresses {
  const count = reader.u8();
  if (count > MAX_ENDPOINTS) refuse("card_malformed");
  const endpoints: string[] = [];
  while (endpoints.length < count) {
    const url = latin1(reader.vec8());
    if (!isEndpoint(url)) refuse("card_endpoint");
    endpoints.push(url);
  }
  const name = readName(reader.vec8());
  const url = latin1(reader.vec8());
  if (url !== "" && !isMailbox(url)) refuse("card_mailbox");
  const token = reader.vec8();
  if (token.length !== 0 && (token.length !== TOKEN || url === "")) refuse("card_token");
  const mailbox = { url, ...(token.length === TOKEN && { token: new DepositToken(token) }) };
  return { endpoints, ...(name !== "" && { name }), ...(url !== "" && { mailbox }) };
}

function readName(bytes: Uint8Array): string {
  let name: string;
  try {
    name = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refuse("card_name");
  }
  return isName(name) ? name : refuse("card_name");
}
