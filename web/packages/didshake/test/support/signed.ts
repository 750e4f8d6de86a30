import { fromHex, toHex } from "../../src/bytes.js";
import type { LocalIdentity } from "../../src/config.js";
import { toBase64url } from "../../src/encoding.js";
import { ED25519, p256Coordinates, verify, type PublicKey } from "../../src/signatures.js";
import { WebCryptoSigner } from "../../src/webcrypto.js";
import { handshake } from "./loopback.js";
import { identityOf, initiatorConfig, responderConfig } from "./peers.js";
import { assert, same, type Vector, type VectorIdentity } from "./vector.js";

/** The key of a vector's identity in the platform, which does not give it out again. */
async function platformIdentity(identity: VectorIdentity): Promise<LocalIdentity> {
  const own = identityOf(identity);
  const { algorithm, bytes } = own.signer.publicKey;
  const key = algorithm === ED25519 ? { name: "Ed25519" } : { name: "ECDSA", namedCurve: "P-256" };
  const jwk = { ...publicJwk(own.signer.publicKey), d: toBase64url(fromHex(identity.secret_key)) };
  const privateKey = await crypto.subtle.importKey("jwk", jwk, key, false, ["sign"]);
  return { ...own, signer: WebCryptoSigner.fromParts({ algorithm, bytes, privateKey }) };
}

function publicJwk(key: PublicKey): JsonWebKey {
  if (key.algorithm === ED25519) return { kty: "OKP", crv: "Ed25519", x: toBase64url(key.bytes) };
  const { x, y } = p256Coordinates(key.bytes);
  return { kty: "EC", crv: "P-256", x: toBase64url(x), y: toBase64url(y) };
}

/**
 * Both roles of a positive vector sign with the platform. Its ES256 is randomised: signatures are verified, over the inputs that
 * the vector names and by the other side, and neither they nor what follows from them is compared with the vector.
 */
export async function runSigned({ config, handshake: values = {}, exports = [] }: Vector): Promise<void> {
  const identity = await platformIdentity(config.initiator.identity);
  const identities = await Promise.all(config.responder.identities.map(platformIdentity));
  const clock = { now: config.now };
  const initiator = { ...initiatorConfig(config, clock), identity };
  const ended = await handshake({ initiator, responder: { ...responderConfig(config, clock), identities } });
  const shown = identities.find(({ did, fragment }) => did === ended.initiator.peer.did && fragment === ended.initiator.peer.fragment);
  assert(shown !== undefined, "a responder of the vector");
  same(ended.responder.peer.did, identity.did, "initiator");
  same(toHex(ended.initiator.peer.publicKey), values.responder_public_key, "responder_public_key");
  same(toHex(ended.initiator.sessionId), toHex(ended.responder.sessionId), "session ids");
  for (const { label, context, length } of exports) {
    const [one, other] = [ended.initiator, ended.responder].map(({ exporter }) => toHex(exporter.export(label, fromHex(context), length)));
    same(one, other, `export ${label}`);
  }
  for (const [{ signer }, input] of [[shown, values.reply_signature_input], [identity, values.finish_signature_input]] as const) {
    const message = fromHex(input ?? "");
    verify(signer.publicKey, message, await signer.sign(message));
  }
}
