import { DENIED, ownFailure, refuse } from "./errors.js";
import { didMethod, names } from "./did.js";
import type { Admission, Common, LocalIdentity, VerifiedPeer } from "./config.js";
import { decodeIdentity, encodeIdentity, type Claim, type Identity } from "./identity.js";
import { resolveKey } from "./resolver.js";
import { checkKey, verify } from "./signatures.js";

/** What one side checks of an opened Identity. */
export interface PeerChecks {
  readonly common: Common;
  readonly admission: Admission;
  /** Unix seconds, read once for the message. */
  readonly now: number;
  /** M of section 6.1. */
  readonly input: (claim: Claim) => Uint8Array;
}

/** Checks 1 to 7 of section 11, in their order. */
export async function checkPeer(plain: Uint8Array, checks: PeerChecks): Promise<VerifiedPeer> {
  const { common, now } = checks;
  const identity = decodeIdentity(plain);
  if (common.ownDids.has(identity.did)) refuse("own_did");
  if (!(await admits(checks.admission, identity.did))) refuse("not_admitted");
  const query = { did: identity.did, fragment: identity.fragment, now, signal: common.signal };
  const key = await resolveKey(common.resolvers, query);
  checkKey(key);
  if (key.algorithm !== identity.algorithm) refuse("algorithm_mismatch");
  verify(key, checks.input(identity), identity.signature);
  const peer: VerifiedPeer = {
    did: identity.did, fragment: identity.fragment, algorithm: key.algorithm, publicKey: key.bytes,
  };
  if (!(await guarded(DENIED, () => common.policy(peer)))) refuse("policy_refused");
  return peer;
}

/** Check 3. */
export async function admits(admission: Admission, did: string): Promise<boolean> {
  const method = didMethod(did) ?? "";
  if ("did" in admission) return names(admission.did, did);
  if ("methods" in admission) return admission.methods.includes(method);
  if ("any" in admission) return admission.any;
  return guarded(DENIED, () => admission.admit(did, method));
}

/** Runs the caller's code; what it throws becomes a failure of our own with this alert. */
export async function guarded<T>(alert: number, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch {
    throw ownFailure(alert);
  }
}

/** Signs and encodes an Identity; a signer that fails is a failure of our own with this alert. */
export async function signIdentity(
  own: LocalIdentity, extensions: Uint8Array, alert: number, input: (claim: Claim) => Uint8Array,
): Promise<Uint8Array> {
  const claim: Claim = { did: own.did, fragment: own.fragment, algorithm: own.signer.publicKey.algorithm, extensions };
  let signature: Uint8Array;
  try {
    signature = await own.signer.sign(input(claim));
  } catch {
    throw ownFailure(alert);
  }
  if (!(signature instanceof Uint8Array) || signature.length !== 64) throw ownFailure(alert);
  const identity: Identity = { ...claim, signature };
  return encodeIdentity(identity);
}
