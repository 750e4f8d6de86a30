import { concat, fromHex, utf8 } from "../src/bytes.js";
import { didMethod, isDid } from "../src/did.js";
import { hash, toBase64url } from "../src/encoding.js";
import { DidshakeError, refuse } from "../src/errors.js";
import { checkType, decodeHello, decodeReply, decodeRetry, decodeSealed, ACCEPT, FINISH, MAX_MESSAGE, REPLY, RETRY } from "../src/messages.js";
import { resolveKey, type Resolver } from "../src/resolver.js";
import {
  Expand, finishKey, fruitOf, handshakeSecret, masterSecret, recordIv, recordKey, replyKey, transcriptIdentity, transcriptNext,
  transcriptStart,
} from "../src/schedule.js";
import { checkKey, ED25519, verify } from "../src/signatures.js";
import { serve } from "../test/support/requests.js";
import type { RequestVector } from "../test/support/vector.js";
import type { Request } from "./attempt.js";

/** The kinds of `check`, under the names of the contract. */
export const CHECKS: Record<string, (request: Request) => object | Promise<object>> = {
  decode: ({ message, wire }) => (DECODERS[message] ?? unknownMessage)(fromHex(wire)),
  document, schedule, ed25519, request: checkRequest,
};

const DECODERS: Record<string, (wire: Uint8Array) => object> = {
  hello(wire) {
    const { suites, group, keyShare, nonce, applicationProtocol } = decodeHello(wire);
    return { suites, group, key_share: keyShare, nonce, application_protocol: applicationProtocol };
  },
  retry: (wire) => ({ suite: decodeRetry(typed(wire, RETRY)) }),
  reply(wire) {
    const { suite, keyShare, nonce, sealed } = decodeReply(typed(wire, REPLY));
    return { suite, key_share: keyShare, nonce, sealed };
  },
  finish: (wire) => ({ sealed: decodeSealed(wire, FINISH) }),
  accept: (wire) => ({ sealed: decodeSealed(wire, ACCEPT) }),
};

function typed(wire: Uint8Array, type: number): Uint8Array {
  checkType(wire, MAX_MESSAGE, type);
  return wire;
}

function unknownMessage(): never {
  throw new Error("no such message");
}

/** Steps 1 to 18 of section 9.6. */
async function document({ did, fragment, now, text, deactivated }: Request): Promise<object> {
  if (!isDid(did)) refuse("did_syntax");
  const found = { kind: "document", bytes: utf8(text ?? ""), deactivated: deactivated === true } as const;
  const resolver: Resolver = { methods: [didMethod(did) ?? ""], resolve: async () => found };
  const key = await resolveKey(text === undefined ? [] : [resolver], { did, fragment, now });
  checkKey(key);
  return { algorithm: key.algorithm, public_key: key.bytes };
}

/** Every value of section 5 from the bytes that went over the wire and what was sealed in them. */
function schedule(request: Request): object {
  const at = (name: string): Uint8Array => fromHex(request[name]);
  const th0 = transcriptStart(request.binding, at("prologue"));
  const th1 = transcriptNext(th0, at("hello"));
  const th2 = transcriptNext(th1, decodeReply(at("reply")).head);
  const hs = handshakeSecret(th2, at("dh"));
  const th3 = transcriptIdentity(th2, at("reply_identity"));
  const th4 = transcriptIdentity(th3, at("finish_identity"));
  const ms = masterSecret(hs, th4);
  const { kAccept, i2r, r2i, exporter, sessionId } = fruitOf(ms.slice());
  const resume = Expand(ms, concat(utf8("didshake/1 resume"), hash(concat(th4, at("accept_plain")))), 32);
  return {
    th0, hello_th1: th1, th2, hs, k_reply: replyKey(hs), th3, k_finish: finishKey(hs), th4,
    derived: Expand(hs, "didshake/1 derived", 32), ms, k_accept: kAccept, i2r_0: i2r, r2i_0: r2i, exporter, session_id: sessionId,
    i2r_0_key: recordKey(i2r), i2r_0_iv: recordIv(i2r), r2i_0_key: recordKey(r2i), r2i_0_iv: recordIv(r2i), resume,
  };
}

/** Section 6.2; a key that is none verifies nothing. */
function ed25519({ public_key, message, signature }: Request): object {
  try {
    verify({ algorithm: ED25519, bytes: fromHex(public_key) }, fromHex(message), fromHex(signature));
    return { valid: true };
  } catch (fault) {
    if (fault instanceof DidshakeError) return { valid: false };
    throw fault;
  }
}

async function checkRequest({ service, request }: Request): Promise<object> {
  const [burn] = await serve({ service, request } as Pick<RequestVector, "service" | "request">);
  if (burn === undefined) throw new Error("nothing was burned");
  return { keyid: toBase64url(fromHex(burn.session)), nonce: toBase64url(fromHex(burn.nonce)) };
}
