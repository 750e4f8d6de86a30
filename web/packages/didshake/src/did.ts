const DID = /^did:([a-z0-9]+):(?:[A-Za-z0-9._:-]|%[0-9A-Fa-f]{2})*$/;
const FRAGMENT = /^(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*$/;
const PATH = /^(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*$/;

/** Longest DID in bytes (section 13). */
export const MAX_DID = 2048;

/** The method name of a DID of the syntax of section 7.2, or undefined. Its length is not looked at. */
export function didMethod(did: string): string | undefined {
  // a segment may be empty, the last one not: that is one that ends in ":" (or nothing behind the method name)
  return did.endsWith(":") ? undefined : DID.exec(did)?.[1];
}

/** True for a DID of the syntax of section 7.2 of at most 2,048 bytes. */
export function isDid(did: string): boolean {
  return did.length <= MAX_DID && didMethod(did) !== undefined;
}

/** True for a fragment of the syntax of section 7.2; it may be empty. */
export function isFragment(fragment: string): boolean {
  return FRAGMENT.test(fragment);
}

/** True for a DID URL of section 9.2. */
export function isDidUrl(url: string): boolean {
  const [, did = "", path = "", query, fragment] = /^([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(url) ?? [];
  return didMethod(did) !== undefined && PATH.test(path) && isFragment(query ?? "") && isFragment(fragment ?? "");
}

/** True for a DID whose one verification method has no fragment on the wire: did:key and did:jwk (7.2). */
export function hasOneMethod(did: string): boolean {
  const method = didMethod(did);
  return method === "key" || method === "jwk";
}

/** The absolute DID URL of a verification method, for people: that of did:key and did:jwk is written out (7.2). */
export function methodUrl(did: string, fragment: string): string {
  if (didMethod(did) === "key") return `${did}#${did.slice("did:key:".length)}`;
  return didMethod(did) === "jwk" ? `${did}#0` : `${did}#${fragment}`;
}

/** True for the short form of a did:peer:4 (8.5): it says whom one means, and nobody resolves it. */
export function isShortForm(did: string): boolean {
  return /^did:peer:4[^:]*$/.test(did);
}

/** True where a rule that names `meant` is one for `did`: it is that DID, or its short form (R-DID-21). */
export function names(meant: string, did: string): boolean {
  return meant === did || (isShortForm(meant) && did.startsWith(`${meant}:`));
}
