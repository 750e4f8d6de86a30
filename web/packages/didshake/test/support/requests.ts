import { fromHex, toHex } from "../../src/bytes.js";
import { DidshakeError } from "../../src/errors.js";
import { RequestKey, signatureBase, signRequest, verifyRequest, type RequestStore, type ServiceSession } from "../../src/requests.js";
import { originOf } from "../../src/origin.js";
import { Exporter } from "../../src/schedule.js";
import { assert, same, type RequestVector } from "./vector.js";

interface Burn { session: string; nonce: string; until: number }

function storeOf(vector: Pick<RequestVector, "service">, burns: Burn[]): RequestStore<ServiceSession> {
  return {
    find(id) {
      const found = vector.service.sessions.find((session) => session.id === toHex(id));
      if (found === undefined) return undefined;
      const { origin, exporter, accepted, lifetime, used } = found;
      return { origin, key: new RequestKey(new Exporter(fromHex(exporter))), acceptedAt: accepted, lifetime, used };
    },
    burnNonce(id, nonce, until) {
      const burn = { session: toHex(id), nonce: toHex(nonce), until };
      const before = vector.service.burned.some((one) => one.session_id === burn.session && one.nonce === burn.nonce);
      if (!before) burns.push(burn);
      return !before;
    },
  };
}

/** What the service burns for the request. Errors: those of 15.6. */
export async function serve(vector: Pick<RequestVector, "service" | "request">): Promise<Burn[]> {
  const burns: Burn[] = [];
  const { method, path, query, body, content_digest, signature_input, signature } = vector.request;
  await verifyRequest(
    { origin: vector.service.origin, now: vector.service.now, store: storeOf(vector, burns) },
    {
      method, path, query, body: fromHex(body), contentDigest: content_digest, signatureInput: signature_input, signature,
    },
  );
  return burns;
}

/** Runs one request vector; throws if this implementation does otherwise. */
export async function runRequest(vector: RequestVector): Promise<void> {
  if (vector.kind === "positive") return runPositive(vector);
  try {
    await serve(vector);
  } catch (fault) {
    assert(fault instanceof DidshakeError, `not an error of this package: ${String(fault)}`);
    return same(fault.code, vector.fails?.error, "error");
  }
  throw new Error(`accepted, instead of ${vector.fails?.error}`);
}

async function runPositive(vector: RequestVector): Promise<void> {
  const { client, signed, burns, request } = vector;
  assert(client !== undefined && signed !== undefined && burns !== undefined, "a positive is complete");
  const exporter = new Exporter(fromHex(client.exporter));
  same(toHex(exporter.export("didshake.login/1 request", new Uint8Array(), 32)), signed.request_key, "request_key");
  const key = new RequestKey(exporter);
  const { method, path, query } = request;
  const toSign = { method, path, query, origin: client.origin, body: fromHex(request.body) };
  const fields = signRequest(key, fromHex(client.session_id), toSign, client.created, fromHex(client.nonce));
  same(fields["Content-Digest"], request.content_digest[0], "Content-Digest");
  same(fields["Signature-Input"], request.signature_input[0], "Signature-Input");
  same(fields.Signature, request.signature[0], "Signature");
  const digest = request.content_digest[0]?.slice("sha-256=:".length, -1) ?? "";
  const authority = originOf(client.origin)?.authority ?? "";
  const base = signatureBase({ method, authority, path, query, digest, parameters: signed.signature_params });
  same(base, signed.signature_base, "signature_base");
  same(toHex(key.mac(base)), signed.mac, "mac");
  const burned = await serve(vector);
  same(JSON.stringify(burned), JSON.stringify([{ session: burns.session_id, nonce: burns.nonce, until: burns.until }]), "burns");
}
