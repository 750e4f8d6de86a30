import { didMethod } from "./did.js";
import { methodKey, parseDocument } from "./document.js";
import { DidshakeError, refuse } from "./errors.js";
import { didJwkKey, didKeyKey } from "./keys.js";
import type { PublicKey } from "./signatures.js";

/** What a resolver gives for a DID (9.1). */
export type Resolution =
  | {
      readonly kind: "document";
      /** The document exactly as fetched. */
      readonly bytes: Uint8Array;
      /** What the resolution metadata say. */
      readonly deactivated?: boolean;
      /** For how many seconds at most its owner lets it be kept (9.8); absent where nothing says so. */
      readonly ttl?: number;
      /** True if it came from a cache: an absent method is then looked for once more (R-DOC-18). */
      readonly cached?: boolean;
    }
  | { readonly kind: "not_found" }
  | { readonly kind: "failed" }
  | { readonly kind: "too_long" };

/** Resolves the DIDs of some methods. did:key, did:jwk and did:peer never come here. */
export interface Resolver {
  /** The DID methods that it resolves, such as `web`. */
  readonly methods: readonly string[];
  /**
   * @param did a DID of one of its methods, whose syntax has been checked
   * @param options `fresh`: past any cache
   */
  resolve(did: string, options: { readonly fresh: boolean; readonly signal?: AbortSignal }): Promise<Resolution>;
}

/** One verification method, resolved. */
export interface MethodQuery {
  readonly did: string;
  readonly fragment: string;
  /** Unix seconds. */
  readonly now: number;
  readonly signal?: AbortSignal | undefined;
}

/** The key of a verification method: steps 1 to 17 of section 9.6. */
export async function resolveKey(resolvers: readonly Resolver[], query: MethodQuery): Promise<PublicKey> {
  const method = didMethod(query.did) ?? refuse("did_syntax");
  if (method === "key") return didKeyKey(query.did);
  if (method === "jwk") return didJwkKey(query.did);
  if (method === "peer") {
    // a login page that meets none does not load it
    const { peerDocument } = await import("./peer.js");
    return methodKey(peerDocument(query.did), query.did, query.fragment, false, query.now);
  }
  const resolver = resolvers.find((one) => one.methods.includes(method)) ?? refuse("did_method_unsupported");
  const first = await ask(resolver, query, false);
  try {
    return keyIn(first, query);
  } catch (fault) {
    const again = fault instanceof DidshakeError && fault.code === "method_absent" && first.cached === true;
    if (!again) throw fault;
    return keyIn(await ask(resolver, query, true), query);
  }
}

type Found = Extract<Resolution, { kind: "document" }>;

async function ask(resolver: Resolver, query: MethodQuery, fresh: boolean): Promise<Found> {
  let resolution: Resolution;
  try {
    const { did, signal } = query;
    resolution = await resolver.resolve(did, signal === undefined ? { fresh } : { fresh, signal });
  } catch {
    return refuse("did_resolution_failed");
  }
  switch (resolution.kind) {
    case "document": return resolution;
    case "not_found": return refuse("did_not_found");
    case "too_long": return refuse("document_limits");
    default: return refuse("did_resolution_failed");
  }
}

function keyIn(found: Found, query: MethodQuery): PublicKey {
  const document = parseDocument(found.bytes);
  return methodKey(document, query.did, query.fragment, found.deactivated === true, query.now);
}
