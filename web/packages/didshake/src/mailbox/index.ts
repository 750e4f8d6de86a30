/**
 * didshake mailbox 1: keys and envelopes, for a message to somebody who is away. An owner signs mailbox keys, a sender verifies
 * one and seals letters to it, the owner opens and verifies them. How envelopes are carried and kept is not here.
 *
 * @packageDocumentation
 */
export { GRACE, MailboxKey, MailboxKeyPair, MAX_KEY_LIFETIME, verifyMailboxKey } from "./key.js";
export type { MailboxKeyOptions, MailboxKeyView, StoredMailboxKey } from "./key.js";
export { MAX_ENVELOPE, openEnvelope, sealLetter } from "./envelope.js";
export type { LetterToSeal, MailboxRecipient, ReceivedLetter, SealedLetter } from "./envelope.js";
export { MAX_LETTER_CONTENT, MAX_LETTER_LIFETIME } from "./letter.js";
export type { LetterBody } from "./letter.js";
export type { MailboxView } from "./signed.js";
