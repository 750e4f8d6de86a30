/**
 * didshake contact card 1: how somebody says where they are reached, live or by mailbox. An owner signs cards and hands them on as
 * links, a reader verifies one. How a mailbox is used is in `didshake/mailbox`.
 *
 * @packageDocumentation
 */
export { Card, makeCard, verifyCard } from "./card.js";
export type { CardOptions, CardView } from "./card.js";
export { DepositToken, MAX_ENDPOINTS } from "./contents.js";
export type { CardContents, CardMailbox } from "./contents.js";
export { cardLink, cardOfLink, MAX_CARD } from "./link.js";
export { reachOf } from "./reach.js";
export type { Reach } from "./reach.js";
