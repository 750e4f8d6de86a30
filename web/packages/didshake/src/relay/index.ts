/**
 * The client of a didshake relay 1: the owner of a mailbox, whoever deposits in one, and a store that hands each letter out once.
 * Circuits are not here.
 *
 * @packageDocumentation
 */
export { Depositor } from "./depositor.js";
export type { Deposit, DepositorOptions, DepositState, LetterToSend, SentLetter } from "./depositor.js";
export { FileMailboxStore } from "./file-store.js";
export type { Files, OpenFile } from "../line-file.js";
export { IndexedMailboxStore } from "./indexed-store.js";
export { Mailbox } from "./mailbox.js";
export type { MailboxOptions, Receiving } from "./mailbox.js";
export { RelayOwner } from "./owner.js";
export type { MailboxStatus, RelayOwnerOptions, TokenLimits, TokenStatus, WaitingDeposit } from "./owner.js";
export { RelayRefusal } from "./refusal.js";
export type { RelayCode } from "./refusal.js";
export { MemoryMailboxStore } from "./store.js";
export type { MailboxStore } from "./store.js";
export { newDepositToken, tokenHash } from "./token.js";
