import { systemClock } from "../../didshake/src/config.js";
import type { Fetch } from "../../didshake/src/fetching.js";
import type { Resolver } from "../../didshake/src/resolver.js";
import { DidWebResolver } from "../../didshake/src/web.js";
import { DidWebvhResolver, IndexedSeenStore } from "../../didshake/src/webvh/index.js";

/** What fetches the document of a service. On this machine, where a page may come without TLS, its log may too. */
export async function resolverOf(did: string, fetch: Fetch): Promise<Resolver> {
  const plainHttp = location.protocol === "http:" ? [location.host] : [];
  if (did.startsWith("did:web:")) return new DidWebResolver({ fetch, plainHttp });
  return new DidWebvhResolver({ fetch, plainHttp, seen: await IndexedSeenStore.open(), clock: systemClock });
}
