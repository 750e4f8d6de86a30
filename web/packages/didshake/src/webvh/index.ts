/**
 * did:webvh 1.0 as section 9.8 of the specification has it: DIDs whose documents are the states of a log, which shows by hashes and
 * signatures who changed it. A resolver that fetches logs, stores for what was seen before, and the verification of a log alone.
 *
 * @packageDocumentation
 */
export { WebvhFault } from "./fault.js";
export type { WebvhReason } from "./fault.js";
export { FileSeenStore } from "./file-seen-store.js";
export type { Files, OpenFile } from "../line-file.js";
export { IndexedSeenStore } from "./indexed-seen-store.js";
export { verifyLog } from "./log.js";
export type { LogView, VerifyLogOptions, WebvhResolution } from "./log.js";
export { webvhUrls } from "./place.js";
export type { WebvhUrls } from "./place.js";
export { DidWebvhResolver } from "./resolver.js";
export type { DidWebvhOptions } from "./resolver.js";
export { MemorySeenStore } from "./seen.js";
export type { SeenStore } from "./seen.js";
