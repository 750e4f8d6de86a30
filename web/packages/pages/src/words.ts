import { utf8 } from "../../didshake/src/bytes.js";
import { hash } from "../../didshake/src/encoding.js";

/** 256 words that look and sound different. Their order must not change: people know DIDs by them. */
const LIST =
  "acid acorn actor adobe agent alarm album alley amber angle ankle apple apron arena armor arrow atlas attic bacon badge bagel " +
  "baker banjo barn basil basin beach beard beetle bell bench berry bingo bison blade blanket bloom board boat bonus book boot " +
  "bottle bowl brick bridge broom brush bucket bugle cabin cable cactus camel candle canoe canyon carbon carpet castle cave cedar " +
  "cello chalk cherry chess circus clay clock cloud clover cobra coin comet copper coral cotton crane crayon cricket crown cube " +
  "daisy dancer delta denim desert diary diesel dinner dock dolphin domino donkey dragon drum eagle earth echo elbow engine envoy " +
  "fabric falcon feather fern ferry fiddle finch flag flute fog forest fossil fox frost galaxy garden garlic ghost giant ginger " +
  "glacier globe goat gold gondola grape gravel guitar hammer harbor harp hawk hazel hedge helmet hill honey horse hotel iceberg " +
  "igloo ink iron island ivory jacket jaguar jelly jewel jungle kayak kettle kitten koala ladder lagoon lamp lantern laser lemon " +
  "leopard lily linen lizard lobster lotus magnet mango maple marble market mask meadow melon mint mirror monkey moon motor " +
  "mustard nebula needle nest ninja nutmeg oak oasis ocean olive onion opera orbit orchid otter owl oxygen paddle palace panda " +
  "paper parrot peach pearl pebble pencil pepper piano picnic pigeon pilot pine planet plum pocket poem pony prism puzzle quartz " +
  "quilt rabbit radar radio raven ribbon river robot rocket ruby saddle salmon satin saturn scarf school shadow shell silver " +
  "sphinx spider spoon spruce sugar summit sunset swan tiger tomato tower tulip tunnel velvet violin walnut";

export const WORDS: readonly string[] = LIST.split(" ");

/** Four words, 32 bits, of SHA-256 over a DID: to recognise it by eye. No check of security: others can be found that share them. */
export function wordsOf(did: string): string {
  return [...hash(utf8(did)).subarray(0, 4)].map((byte) => WORDS[byte]).join(" ");
}
