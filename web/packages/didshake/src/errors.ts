/** Section 14.10: every error code of the handshake and the channel, with the alert that it sends (null: none). */
export const FAULTS = {
  message_too_long: 50,
  message_truncated: 50,
  trailing_bytes: 50,
  unexpected_message: 10,
  unsupported_version: 70,
  suite_list_malformed: 50,
  suite_list_duplicate: 47,
  suite_list_without_group: 47,
  no_common_suite: 40,
  application_protocol_empty: 50,
  unknown_application_protocol: 120,
  extension_order: 50,
  extension_critical_byte: 50,
  recipient_malformed: 50,
  unknown_critical_extension: 110,
  unknown_recipient: 112,
  share_invalid: 47,
  retry_suite_not_offered: 47,
  retry_same_group: 47,
  second_retry: 10,
  second_hello_needs_retry: 47,
  reply_suite_not_offered: 47,
  reply_suite_wrong_group: 47,
  sealed_part_not_opened: 20,
  identity_malformed: 49,
  identity_padding: 49,
  did_syntax: 49,
  fragment_rule: 49,
  unknown_algorithm: 49,
  identity_extensions: 49,
  own_did: 49,
  not_admitted: 49,
  did_method_unsupported: 49,
  did_not_found: 49,
  did_resolution_failed: 49,
  did_key_malformed: 49,
  did_jwk_malformed: 49,
  did_peer_malformed: 49,
  document_json: 49,
  document_limits: 49,
  document_shape: 49,
  document_duplicate_id: 49,
  document_id_mismatch: 49,
  did_deactivated: 49,
  method_absent: 49,
  method_not_authentication: 49,
  method_controller: 49,
  method_time: 49,
  method_revoked: 49,
  method_expired: 49,
  method_key_form: 49,
  algorithm_mismatch: 49,
  key_invalid: 49,
  signature_invalid: 49,
  policy_refused: 49,
  finish_replayed: 49,
  waiting_state_invalid: 49,
  waiting_state_expired: 49,
  accept_malformed: 50,
  peer_alert: null,
  malformed_alert: null,
  record_too_long: 50,
  record_not_opened: 20,
  record_zeros_only: 10,
  record_unknown_content_type: 10,
  record_after_close: 10,
  key_update_overdue: 10,
  record_content_length: 50,
  not_a_record: null,
  truncated: null,
} as const;

/** A code of section 14.10. */
export type FaultCode = keyof typeof FAULTS;

/** A code of the table in section 15.6, for a service that verifies requests. */
export type RequestFaultCode =
  | "request_unsigned"
  | "request_malformed"
  | "request_time"
  | "request_session"
  | "request_signature"
  | "request_digest"
  | "request_replayed";

/** A code of mailbox-1, sections 2 and 3.2, for who reads a mailbox key or an envelope. Nothing is ever sent for one. */
export type MailboxFaultCode =
  | "mailbox_key_malformed"
  | "mailbox_key_period"
  | "mailbox_key_time"
  | "envelope_malformed"
  | "envelope_key_unknown"
  | "envelope_not_opened"
  | "letter_malformed"
  | "letter_time"
  | "letter_expired";

/** A code of card-1, sections 3 and 4, for who reads a contact card or its link. Nothing is ever sent for one. */
export type CardFaultCode =
  | "card_link"
  | "card_malformed"
  | "card_endpoint"
  | "card_name"
  | "card_mailbox"
  | "card_token"
  | "card_period"
  | "card_time";

/**
 * What is no code of the specification:
 * `caller` a fault of the caller, `state_used` a state used twice, `own_failure` a failure of this peer's own (a signer, a
 * store, the source of randomness), `transport` a failure of the transport or of the HTTP layer, `timeout` the time limit of
 * the attempt (R-LIMIT-2), `session_over` a session used after its lifetime, `relay` a refusal of a relay (`RelayRefusal` says which).
 */
export type LocalCode = "caller" | "state_used" | "own_failure" | "transport" | "timeout" | "session_over" | "relay";

/** Every code that {@link DidshakeError.code} can have. */
export type ErrorCode = FaultCode | RequestFaultCode | MailboxFaultCode | CardFaultCode | LocalCode;

/** Alert codes of section 14.9, by number. */
export const ALERTS: ReadonlySet<number> = new Set([10, 20, 40, 47, 49, 50, 70, 80, 110, 112, 120]);

/** The alert `denied`. */
export const DENIED = 49;

/** The alert `internal`. */
export const INTERNAL = 80;

/** The one class of errors of this package. What went wrong is {@link code}; the message is for people and holds no secret. */
export class DidshakeError extends Error {
  /** What went wrong. The exact cause is for the local log: the peer learns {@link alert} only. */
  readonly code: ErrorCode;
  /** The alert number that belongs to the code, or null if none is ever sent. */
  readonly alert: number | null;
  /** The bytes to send before the connection is closed (a clear Alert, or records); absent if nothing is to be sent. */
  readonly answer?: readonly Uint8Array[];

  /** @param options `alert`: another than that of the code; `detail`: for people, without secrets; `answer`: see {@link answer} */
  constructor(code: ErrorCode, options: { alert?: number | null; detail?: string; answer?: Uint8Array[] } = {}) {
    super(options.detail === undefined ? code : `${code}: ${options.detail}`);
    this.name = "DidshakeError";
    this.code = code;
    this.alert = options.alert !== undefined ? options.alert : alertOf(code);
    if (options.answer !== undefined) this.answer = options.answer;
  }

  /** True if the peer may learn of this failure only after the fixed delay (R-CHECK-8; 100 ms unless configured). */
  get delayed(): boolean {
    return this.alert === DENIED;
  }
}

/** The alert that the registry gives for a code. */
function alertOf(code: ErrorCode): number | null {
  return Object.hasOwn(FAULTS, code) ? FAULTS[code as FaultCode] : null;
}

/** Throws the error with this code. */
export function refuse(code: FaultCode | RequestFaultCode | MailboxFaultCode | CardFaultCode): never {
  throw new DidshakeError(code);
}

/** Throws a fault of the caller. */
export function callerFault(detail: string): never {
  throw new DidshakeError("caller", { detail });
}

/** Turns whatever a signer, a store or a policy throws into one error that repeats nothing of it. */
export function ownFailure(alert: number): DidshakeError {
  return new DidshakeError("own_failure", { alert });
}
