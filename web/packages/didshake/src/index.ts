/**
 * didshake 1: mutual authentication between two holders of a DID. Initiator and responder, the channel, the exporter, login
 * over HTTP and its signed requests, and the keys behind it. The names are those of the specification.
 *
 * @packageDocumentation
 */
export { ALERTS, DENIED, DidshakeError, FAULTS, INTERNAL } from "./errors.js";
export type { CardFaultCode, ErrorCode, FaultCode, LocalCode, MailboxFaultCode, RequestFaultCode } from "./errors.js";
export { HTTP, RELAY, STREAM, systemClock, systemRandom, WEBSOCKET } from "./config.js";
export type {
  Admission, Binding, Clock, CommonConfig, LocalIdentity, Meant, Policy, Random, VerifiedPeer,
} from "./config.js";
export type { Extension } from "./extensions.js";
export { Initiator, WaitAccept, WaitReply, WaitReply2 } from "./initiator.js";
export type { AfterReply, InitiatorConfig } from "./initiator.js";
export { Responder, WaitFinish, WaitHello, WaitHello2 } from "./responder.js";
export type { AfterFinish, AfterHello, ResponderConfig } from "./responder.js";
export type { Established } from "./established.js";
export { MemoryBurnStore } from "./burn.js";
export type { BurnStore } from "./burn.js";
export { StateSealer, WAITING } from "./waiting.js";
export { Channel, MAX_CONTENT, MAX_RECORD } from "./channel.js";
export type { Received, Role } from "./channel.js";
export { Exporter } from "./schedule.js";
export { frame, FrameReader } from "./frames.js";
export { MAX_HELLO, MAX_MESSAGE } from "./messages.js";
export { SUITE_AES, SUITE_CHACHA, X25519 } from "./suites.js";
export { checkKey, ED25519, ES256, verify } from "./signatures.js";
export type { Algorithm, PublicKey } from "./signatures.js";
export { SoftwareSigner } from "./signer.js";
export type { Signer } from "./signer.js";
export { SignerStore, WebCryptoSigner } from "./webcrypto.js";
export { didMethod, isDid, isFragment, methodUrl } from "./did.js";
export { didJwk, didKey } from "./keys.js";
export { MAX_DOCUMENT, parseDocument } from "./document.js";
export type { DidDocument } from "./document.js";
export type { Json, JsonObject } from "./json.js";
export type { Resolution, Resolver } from "./resolver.js";
export { DidWebResolver, didWebUrl } from "./web.js";
export type { DidWebOptions } from "./web.js";
export type { Fetch } from "./fetching.js";
export { bindingOf, isLoopback, originOf } from "./origin.js";
export type { Origin } from "./origin.js";
export { login, LoginSession, MEDIA_TYPE } from "./login.js";
export type { LoginOptions } from "./login.js";
export { HttpResponder } from "./http-responder.js";
export type { HandshakeRequest, HandshakeResponse, HttpResponderOptions } from "./http-responder.js";
export { RequestKey, signRequest, verifyRequest } from "./requests.js";
export type {
  ReceivedRequest, RequestService, RequestStore, RequestToSign, ServiceSession, SignatureFields, VerifiedRequest,
} from "./requests.js";
export { endpointOf, endpointsOf, fetchClaim, linksDomain, mayUse, readClaim } from "./discovery.js";
export type { Claim, Endpoint } from "./discovery.js";
