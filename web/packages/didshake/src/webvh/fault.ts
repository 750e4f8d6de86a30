import { DidshakeError, type FaultCode } from "../errors.js";

/**
 * Why a did:webvh does not resolve: a cause of section 9.8; a code of section 9.6, where the log is good and its last state is no
 * document; or what went wrong around it: `location` (nothing may be fetched from where the DID says), `not_found`, `redirect`, `status`,
 * `transport`, `deadline`, and `history` (what was seen before cannot be looked up, or kept).
 */
export type WebvhReason =
  | "scid_form" | "too_long" | "empty" | "too_many_entries" | "entry_too_long" | "json" | "truncated" | "too_deep"
  | "after_deactivation" | "shape" | "number" | "version_id" | "version_number" | "version_time" | "time_future"
  | "unknown_parameter" | "method_version" | "parameter" | "portable_late" | "state_id" | "time_order" | "other_scid" | "scid"
  | "entry_hash" | "pre_rotation" | "not_portable" | "prior_did" | "proof_shape" | "cryptosuite" | "key_not_authorised"
  | "proof_signature" | "other_did" | "witness_too_long" | "witness_file" | "witness_proof" | "witness_threshold"
  | "witness_unknown" | "witness_missing" | "rolled_back" | "forked" | "moved"
  | "document_limits" | "document_json" | "document_shape" | "document_duplicate_id" | "document_id_mismatch"
  | "location" | "not_found" | "redirect" | "status" | "transport" | "deadline" | "history";

const LIMITS: readonly WebvhReason[] = ["too_long", "too_many_entries", "entry_too_long", "too_deep", "witness_too_long"];

/** A did:webvh that does not resolve. {@link DidshakeError.code} is that of the registry; the reason is for the local log. */
export class WebvhFault extends DidshakeError {
  /** What was wrong. `rolled_back` and `forked` are worth a word to the user: somebody shows another log than before. */
  readonly reason: WebvhReason;

  /** @internal */
  constructor(reason: WebvhReason) {
    super(codeOf(reason), { detail: reason });
    this.name = "WebvhFault";
    this.reason = reason;
  }
}

function codeOf(reason: WebvhReason): FaultCode {
  switch (reason) {
    case "not_found": return "did_not_found";
    case "document_limits": case "document_json": case "document_shape": case "document_duplicate_id": case "document_id_mismatch":
      return reason;
    default: return LIMITS.includes(reason) ? "document_limits" : "did_resolution_failed";
  }
}

/** Refuses a log for this reason. */
export function reject(reason: WebvhReason): never {
  throw new WebvhFault(reason);
}
