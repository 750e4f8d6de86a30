import { copyBytes } from "../bytes.js";
import { fromBase64url, toBase64url } from "../encoding.js";
import { callerFault, DidshakeError } from "../errors.js";

/** The longest card, in bytes. */
export const MAX_CARD = 4_792;

const PREFIX = "didshake:card/";
/** {@link MAX_CARD} bytes in base64url. */
const MAX_TEXT = 6_390;

/** The link of a card (section 4): for people to hand on, and for a QR code in byte mode. Errors: `caller` for no bytes or too many. */
export function cardLink(card: Uint8Array): string {
  const bytes = copyBytes(card, "a card", MAX_CARD);
  if (bytes.length === 0 || bytes.length > MAX_CARD) callerFault("a card is 1 to 4,792 bytes");
  return PREFIX + toBase64url(bytes);
}

/**
 * The bytes of a link (R-CARD-5), of which nothing is read yet. White space around what somebody pasted is the caller's to remove.
 * @throws DidshakeError `card_link` for anything else than the one link of some bytes
 */
export function cardOfLink(link: string): Uint8Array {
  const text = link.startsWith(PREFIX) ? link.slice(PREFIX.length) : "";
  const bytes = text.length === 0 || text.length > MAX_TEXT ? undefined : fromBase64url(text);
  if (bytes === undefined) throw new DidshakeError("card_link", { alert: null });
  return bytes;
}
