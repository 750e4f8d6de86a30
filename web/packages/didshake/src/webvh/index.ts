/**
 * did:webvh 1.0 as section 9.8 of the specification has it: DIDs whose documents are the states of a log, which shows by hashes and
 * signatures who changed it. A resolver that fetches logs, stores for what was seen before, and the verification of a log alone.
 *
 * @packageDocumentation
 */
export { WebvhFault } from "./fault.js";
export type { WebvhReason } from "./fault.js";
export { verifyLog } from "./log.js";
export type { LogView, VerifyLogOptions, WebvhResolution } from "./log.js";
