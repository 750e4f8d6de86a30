import { concat, latin1, Reader, u8, utf8, vec16, vec8 } from "./bytes.js";
import { DENIED, DidshakeError, refuse } from "./errors.js";
import { decodeExtensions, IDENTITY_LIST } from "./extensions.js";
import { didMethod, hasOneMethod, isFragment, MAX_DID } from "./did.js";
import { ED25519, ES256, type Algorithm } from "./signatures.js";

/** What an Identity says and what is signed of it (7.1). */
export interface Claim {
  readonly did: string;
  readonly fragment: string;
  readonly algorithm: Algorithm;
  /** The extension list as sent, without its length. */
  readonly extensions: Uint8Array;
}

/** A decoded Identity. */
export interface Identity extends Claim {
  readonly signature: Uint8Array;
}

/** Encodes an Identity with its padding (7.3). */
export function encodeIdentity(identity: Identity): Uint8Array {
  const fields = concat(
    vec16(utf8(identity.did)), vec8(utf8(identity.fragment)), u8(identity.algorithm), identity.signature,
    vec16(identity.extensions),
  );
  return concat(fields, new Uint8Array((64 - (fields.length % 64)) % 64));
}

/** Check 1 of section 11, in the order of section 7.4. */
export function decodeIdentity(bytes: Uint8Array): Identity {
  const reader = new Reader(bytes, "identity_malformed");
  const didLength = reader.u16();
  if (didLength > MAX_DID) refuse("did_syntax");
  const did = latin1(reader.take(didLength));
  if (didMethod(did) === undefined) refuse("did_syntax");
  const fragment = latin1(reader.vec8());
  const algorithm = reader.u8();
  if (algorithm !== ED25519 && algorithm !== ES256) refuse("unknown_algorithm");
  const signature = Uint8Array.from(reader.take(64));
  const extensions = Uint8Array.from(reader.vec16());
  const entries = decodeExtensions(extensions, IDENTITY_LIST);
  checkPadding(bytes, reader.position);
  const fits = hasOneMethod(did) ? fragment === "" : fragment !== "" && isFragment(fragment);
  if (!fits) refuse("fragment_rule");
  // version 1 defines no extension for an Identity, and inside one the alert is `denied`
  if (entries.some((entry) => entry.critical)) throw new DidshakeError("unknown_critical_extension", { alert: DENIED });
  return { did, fragment, algorithm, signature, extensions };
}

function checkPadding(bytes: Uint8Array, end: number): void {
  const padding = bytes.subarray(end);
  if (padding.length !== (64 - (end % 64)) % 64 || padding.some((byte) => byte !== 0)) refuse("identity_padding");
}

/** What both inputs of section 6.1 have in common. */
function signed(label: string, th: Uint8Array, claim: Claim): Uint8Array {
  return concat(
    utf8(label), u8(0), th, vec16(utf8(claim.did)), vec8(utf8(claim.fragment)), u8(claim.algorithm), vec16(claim.extensions),
  );
}

/** M of the responder. */
export function responderInput(th2: Uint8Array, own: Claim): Uint8Array {
  return signed("didshake/1 responder", th2, own);
}

/** M of the initiator. */
export function initiatorInput(th3: Uint8Array, own: Claim, responder: { did: string; fragment: string }): Uint8Array {
  return concat(
    signed("didshake/1 initiator", th3, own), vec16(utf8(responder.did)), vec8(utf8(responder.fragment)),
  );
}
