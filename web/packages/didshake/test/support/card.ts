import { concat, fromHex, toHex, utf8 } from "../../src/bytes.js";
import { makeCard, verifyCard, type Card } from "../../src/card/card.js";
import { DepositToken, type CardContents } from "../../src/card/contents.js";
import { cardLink, cardOfLink } from "../../src/card/link.js";
import { DidshakeError } from "../../src/errors.js";
import { identityOf, resolverOf } from "./peers.js";
import { assert, same, type CardVector } from "./vector.js";

/** The reader's reading of the bytes. */
export function readCard(vector: CardVector, bytes: Uint8Array): Promise<Card> {
  const { now, means, documents } = vector.reader_view;
  const meant = means === null ? { any: true as const } : { did: means };
  return verifyCard(bytes, { meant, clock: () => now, resolvers: [resolverOf({ documents })] });
}

/** What the owner writes. */
export function contentsOf({ issued, ends, endpoints, name, mailbox, token }: NonNullable<CardVector["contents"]>): CardContents {
  const secret = token === "" ? {} : { token: new DepositToken(fromHex(token)) };
  return {
    issued, endpoints, ...(ends !== 0 && { ends }), ...(name !== "" && { name }), ...(mailbox !== "" && { mailbox: { url: mailbox, ...secret } }),
  };
}

/** Runs one vector of a contact card; throws if this implementation does otherwise. */
export async function runCard(vector: CardVector): Promise<void> {
  if (vector.kind === "positive") return runPositive(vector);
  try {
    if (vector.fails?.step === "link") cardOfLink(vector.link ?? "no link");
    else await readCard(vector, fromHex(vector.card ?? "no card"));
  } catch (fault) {
    assert(fault instanceof DidshakeError, `not an error of this package: ${String(fault)}`);
    same(fault.alert, null, "alert");
    return same(fault.code, vector.fails?.error, "error");
  }
  throw new Error(`accepted, instead of ${vector.fails?.error}`);
}

async function runPositive(vector: CardVector): Promise<void> {
  const { owner, contents, reader_view: view } = vector;
  assert(contents !== undefined && vector.link !== undefined, "a positive is complete");
  const { did, fragment, algorithm, signing_key: secret_key } = owner;
  const identity = identityOf({ did, fragment, algorithm, secret_key });
  const made = await makeCard({ identity, ...contentsOf(contents), clock: () => view.now });
  same(toHex(made), vector.card, "card");
  same(toHex(concat(utf8("didshake/1 contact card"), Uint8Array.of(0), made.subarray(0, -64))), vector.signed, "signed");
  same(cardLink(made), vector.link, "link");
  const bytes = cardOfLink(vector.link);
  same(toHex(bytes), vector.card, "the bytes of the link");
  const card = await readCard(vector, bytes);
  same([card.owner.did, card.owner.fragment, card.owner.algorithm].join(), [did, fragment, algorithm].join(), "owner");
  same(toHex(card.owner.publicKey), toHex(identity.signer.publicKey.bytes), "the owner's key");
  same([card.issued, card.ends ?? 0].join(), [contents.issued, contents.ends].join(), "times");
  same(card.endpoints.join(" "), contents.endpoints.join(" "), "endpoints");
  same([card.name ?? "", card.mailbox?.url ?? ""].join(" "), [contents.name, contents.mailbox].join(" "), "name and mailbox");
  same(toHex(card.mailbox?.token?.bytes() ?? new Uint8Array()), contents.token, "token");
}
