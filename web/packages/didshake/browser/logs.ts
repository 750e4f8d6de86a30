import { systemClock } from "../src/config.js";
import { utf8 } from "../src/bytes.js";
import { DidWebvhResolver, IndexedSeenStore, WebvhFault } from "../src/webvh/index.js";
import { hashText } from "../src/webvh/hashes.js";
import { same } from "../test/support/vector.js";

/** Resolves a did:webvh at the origin of this page: the `versionId`, or why not. */
export async function lookUp(did: string): Promise<string> {
  const seen = await IndexedSeenStore.open();
  const resolver = new DidWebvhResolver({ fetch: (url, init) => fetch(url, init), seen, clock: systemClock, plainHttp: [location.host] });
  const found = await resolver.lookUp(did).then(({ versionId }) => versionId, (fault) => (fault instanceof WebvhFault ? fault.reason : String(fault)));
  seen.close();
  return found;
}

/** What was seen is replaced once, and forgotten of the log that advanced longest ago: as in Node. */
export async function remember(): Promise<number> {
  const [store, other] = [await IndexedSeenStore.open("many logs", 1024), await IndexedSeenStore.open("many logs", 1024)];
  const scid = (number: number): string => hashText(utf8(`log ${number}`));
  for (let number = 0; number < 1024; number++) same(await store.replace(scid(number), undefined, "1-x"), true, "a new log");
  const both = await Promise.all([store.replace(scid(0), "1-x", "2-x"), other.replace(scid(0), "1-x", "2-y")]);
  same(both.join(), "true,false", "one of two replaces");
  same(await store.replace(scid(2000), "1-x", "2-x"), false, "what is not there");
  await other.replace(scid(1024), undefined, "1-x");
  const known = await Promise.all([0, 1, 2, 1024].map((number) => store.newest(scid(number))));
  same(known.map(String).join(), "2-x,undefined,1-x,1-x", "what is forgotten");
  for (const one of [store, other]) one.close();
  return known.length;
}
