/** The JSON of vectors/schema.json, as far as the harness uses it. */
export interface VectorIdentity { did: string; fragment: string; algorithm: 1 | 2; secret_key: string }
export interface VectorExtension { id: number; critical: boolean; body: string }
export type VectorAdmission = { any: boolean } | { did: string } | { methods: string[] };
export type VectorPolicy = { allow: boolean } | { refuse_fragments: string[] } | { refuse_dids: string[] };
export interface VectorInitiator {
  identity: VectorIdentity; suites: number[]; first_group: number; application_protocol: string; recipient: boolean;
  hello_extensions: VectorExtension[]; finish_extensions: VectorExtension[]; expect: VectorAdmission; policy: VectorPolicy;
  /** Not in a request to the shim that leaves randomness to the peer. */
  ephemeral_secrets?: string[]; nonces?: string[];
}
export interface VectorResponder {
  identities: VectorIdentity[]; default_identity: number; suites: number[]; application_protocols: string[];
  reply_extensions: VectorExtension[]; accept_extensions: VectorExtension[]; lifetime: number; admit: VectorAdmission;
  policy: VectorPolicy; ephemeral_secret?: string; nonce?: string;
}
export type VectorRole = "initiator" | "responder";
export type VectorWaiting = "ok" | "missing" | "altered" | "truncated" | "expired" | "other_endpoint" | "other_key";
export interface VectorMessage {
  from: VectorRole; message: string; wire: string; waiting_state?: VectorWaiting; repeat?: true;
}
export interface VectorRecord {
  from: VectorRole; repeat?: number; type?: "data" | "close" | "key_update" | "alert"; content?: string; padding?: number;
  generation?: number; sequence?: number; wire?: string;
}
export interface VectorConfig {
  now: number; binding: 1 | 2 | 3; prologue: string; initiator: VectorInitiator; responder: VectorResponder;
  documents: Record<string, { text: string; deactivated: boolean } | { missing: true }>;
}
export interface Vector {
  format: "didshake-vectors/1"; id: string; kind: "positive" | "negative"; config: VectorConfig; messages: VectorMessage[];
  fails?: { role: VectorRole; at: string; error: string; alert: number | null };
  handshake?: Record<string, string>; channel?: VectorRecord[];
  exports?: { label: string; context: string; length: number; output: string }[];
}
export interface RequestVector {
  format: "didshake-request-vectors/1"; id: string; kind: "positive" | "negative"; fails?: { error: string };
  client?: { origin: string; exporter: string; session_id: string; created: number; nonce: string };
  service: {
    now: number; origin: string; burned: { session_id: string; nonce: string }[];
    sessions: { id: string; origin: string; exporter: string; accepted: number; lifetime: number; used: boolean }[];
  };
  request: {
    method: string; path: string; query: string | null; body: string; content_digest: string[]; signature_input: string[];
    signature: string[];
  };
  signed?: { request_key: string; digest: string; signature_params: string; signature_base: string; mac: string };
  burns?: { session_id: string; nonce: string; until: number };
}
/** The JSON of vectors/mailbox-schema.json. */
export interface MailboxVector {
  format: "didshake/1 mailbox vector"; id: string; kind: "positive" | "negative"; base?: string;
  fails?: { step: "mailbox_key" | "letter"; error: string };
  owner: {
    did: string; fragment: string; algorithm: 1 | 2; signing_key: string; mailbox_secret: string; begins: number; ends: number;
  };
  sender?: {
    did: string; fragment: string; algorithm: 1 | 2; signing_key: string; ephemeral_ikm: string; message_id: string; sent: number;
    expires: number; content_type: string; content: string;
  };
  sender_view: { now: number; means: string; documents: VectorConfig["documents"] };
  recipient_view?: { now: number; admits: string[] | null; documents: VectorConfig["documents"] };
  mailbox_key: string; envelope?: string;
  intermediates?: Record<
    "mailbox_key_signed" | "key_id" | "enc" | "shared_secret" | "key" | "base_nonce" | "letter" | "letter_signed", string
  >;
}
/** The JSON of vectors/card-schema.json. */
export interface CardVector {
  format: "didshake-card-vectors/1"; id: string; kind: "positive" | "negative"; base?: string;
  fails?: { step: "link" | "card"; error: string };
  owner: { did: string; fragment: string; algorithm: 1 | 2; signing_key: string };
  contents?: { issued: number; ends: number; endpoints: string[]; name: string; mailbox: string; token: string };
  reader_view: { now: number; means: string | null; documents: VectorConfig["documents"] };
  signed?: string; card?: string; link?: string;
}
/** The JSON of vectors/webvh-schema.json. */
export interface WebvhVector {
  format: "didshake-webvh-vectors/1"; id: string; kind: "positive" | "negative"; base?: string;
  fails?: { error: string; cause: string };
  view: { did: string; now: number; seen: string | null };
  log: string; line_spaces: number; witness: string | null;
  resolution?: { version_id: string; deactivated: boolean; ttl: number; document: string };
}
export interface Index {
  positives: number; negatives: number; request_positives: number; request_negatives: number;
  mailbox_positives: number; mailbox_negatives: number; card_positives: number; card_negatives: number;
  webvh_positives: number; webvh_negatives: number;
  vectors: { id: string; file: string }[];
}
/** Every file of vectors/, by its name without `.json`. */
export interface VectorSet { index: Index; handshakes: Vector[]; requests: RequestVector[] }

export function assert(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(what);
}

export function same(actual: unknown, expected: unknown, what: string): void {
  if (actual !== expected) throw new Error(`${what}: ${String(actual)} instead of ${String(expected)}`);
}
