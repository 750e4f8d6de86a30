import { systemClock, type Fetch, type Resolver } from "didshake";
import { DidWebvhResolver, FileSeenStore, type Files } from "didshake/webvh";

/** A resolver that keeps what it saw in a file. `warn` is told where somebody shows another history of a DID than before. */
export async function webvhResolver(path: string, files: Files, fetch: Fetch, warn: (words: string) => void): Promise<Resolver> {
  const seen = await FileSeenStore.open(path, files);
  return new DidWebvhResolver({
    fetch, seen, clock: systemClock,
    onFault(did, { reason }) {
      if (reason === "rolled_back" || reason === "forked") warn(`${did}: ${reason}`);
    },
  });
}
