import { concat, fromHex, toHex, utf8 } from "../../src/bytes.js";
import type { LocalIdentity } from "../../src/config.js";
import { DidshakeError } from "../../src/errors.js";
import { openEnvelope, sealLetter, type ReceivedLetter } from "../../src/mailbox/envelope.js";
import { decap, deriveKeyPair, encap, keySchedule, openOnce, sealOnce } from "../../src/mailbox/hpke.js";
import { MailboxKeyPair, verifyMailboxKey, type MailboxKey } from "../../src/mailbox/key.js";
import { letterInput } from "../../src/mailbox/letter.js";
import { identityOf, queue, resolverOf } from "./peers.js";
import { assert, same, type MailboxVector } from "./vector.js";

const INFO = utf8("didshake/1 envelope");
type Side = Pick<MailboxVector["owner"], "did" | "fragment" | "algorithm" | "signing_key">;
const own = ({ did, fragment, algorithm, signing_key }: Side): LocalIdentity => identityOf({ did, fragment, algorithm, secret_key: signing_key });
const shared = (secret: Uint8Array | undefined): Uint8Array => secret ?? (assert(false, "no shared secret") as never);

/** The sender's reading of the mailbox key. */
export function readKey({ mailbox_key, sender_view: { now, means, documents } }: MailboxVector): Promise<MailboxKey> {
  return verifyMailboxKey(fromHex(mailbox_key), { meant: { did: means }, clock: () => now, resolvers: [resolverOf({ documents })] });
}

/** The owner's key pair, as it would come out of the owner's store. */
export function keysOf({ owner, mailbox_key }: MailboxVector): MailboxKeyPair {
  return MailboxKeyPair.restore({ secret: fromHex(owner.mailbox_secret), signedKey: fromHex(mailbox_key) });
}

/** The recipient's reading of the envelope. */
export async function readEnvelope(vector: MailboxVector, pair = keysOf(vector)): Promise<ReceivedLetter> {
  const { envelope, recipient_view: view } = vector;
  assert(envelope !== undefined && view !== undefined, "a vector with an envelope");
  const { now, admits, documents } = view;
  const admit = admits === null ? { any: true } : { admit: (did: string) => admits.includes(did) };
  return openEnvelope(fromHex(envelope), { keys: [pair], admit, clock: () => now, resolvers: [resolverOf({ documents })] });
}

/** Puts other text into the envelope of a positive, sealed as its sender would. */
export function sealAgain(vector: MailboxVector, letter: Uint8Array): Uint8Array {
  const { sender, envelope } = vector;
  assert(sender !== undefined && envelope !== undefined, "a positive");
  const head = fromHex(envelope.slice(0, 36));
  const ephemeral = deriveKeyPair(fromHex(sender.ephemeral_ikm));
  const { publicKey } = keysOf(vector);
  return concat(head, ephemeral.publicKey, sealOnce(keySchedule(shared(encap(ephemeral, publicKey)), INFO), head, letter));
}

/** Runs one mailbox vector; throws if this implementation does otherwise. */
export async function runMailbox(vector: MailboxVector): Promise<void> {
  if (vector.kind === "positive") return runPositive(vector);
  // the mailbox key of a bad letter is good
  if (vector.fails?.step === "letter") await readKey(vector);
  try {
    await (vector.fails?.step === "letter" ? readEnvelope(vector) : readKey(vector));
  } catch (fault) {
    assert(fault instanceof DidshakeError, `not an error of this package: ${String(fault)}`);
    same(fault.alert, null, "alert");
    return same(fault.code, vector.fails?.error, "error");
  }
  throw new Error(`accepted, instead of ${vector.fails?.error}`);
}

async function runPositive(vector: MailboxVector): Promise<void> {
  const { owner, sender, sender_view: view } = vector;
  assert(sender !== undefined, "a positive is complete");
  const clock = (): number => view.now;
  const pair = await MailboxKeyPair.generate({
    identity: own(owner), begins: owner.begins, lifetime: owner.ends - owner.begins, clock, random: queue([owner.mailbox_secret]),
  });
  same(toHex(pair.signedKey), vector.mailbox_key, "mailbox_key");
  const to = await readKey(vector);
  same([to.owner.did, to.owner.fragment, to.owner.algorithm].join(), [owner.did, owner.fragment, owner.algorithm].join(), "owner");
  same([to.begins, to.ends].join(), [owner.begins, owner.ends].join(), "period");
  const { envelope } = await sealLetter({
    identity: own(sender), to, contentType: sender.content_type, content: fromHex(sender.content), sent: sender.sent,
    lifetime: sender.expires - sender.sent, clock, random: queue([sender.message_id, sender.ephemeral_ikm]),
  });
  same(toHex(envelope), vector.envelope, "envelope");
  compareSteps(vector, pair);
  for (const keys of [pair, keysOf(vector)]) compareLetter(await readEnvelope(vector, keys), sender, owner.did);
}

/** Every value on the way. */
function compareSteps({ intermediates, sender, owner, envelope = "" }: MailboxVector, pair: MailboxKeyPair): void {
  assert(intermediates !== undefined && sender !== undefined, "a positive is complete");
  const bytes = fromHex(envelope);
  const ephemeral = deriveKeyPair(fromHex(sender.ephemeral_ikm));
  const enc = ephemeral.publicKey;
  const secret = shared(encap(ephemeral, pair.publicKey));
  same(toHex(shared(decap({ secret: fromHex(owner.mailbox_secret), publicKey: pair.publicKey }, enc))), toHex(secret), "decap");
  const values: Record<string, string> = {
    mailbox_key_signed: toHex(concat(utf8("didshake/1 mailbox key"), Uint8Array.of(0), pair.signedKey.subarray(0, -64))),
    key_id: toHex(pair.id), enc: toHex(enc), shared_secret: toHex(secret),
  };
  const context = keySchedule(secret, INFO);
  [values["key"], values["base_nonce"]] = [toHex(context.key), toHex(context.baseNonce)];
  const letter = openOnce(context, bytes.subarray(0, 18), bytes.subarray(50));
  assert(letter !== undefined, "the letter opens");
  values["letter"] = toHex(letter);
  const { did, fragment, algorithm, message_id, sent, expires, content_type: contentType, content } = sender;
  const body = { messageId: fromHex(message_id), sent, expires, contentType, content: fromHex(content) };
  values["letter_signed"] = toHex(letterInput({ did, fragment, algorithm }, { did: owner.did, publicKey: pair.publicKey, enc }, body));
  const names = Object.keys(values).sort();
  same(names.join(), Object.keys(intermediates).sort().join(), "intermediates");
  for (const name of names) same(values[name], intermediates[name as keyof typeof intermediates], name);
}

function compareLetter(letter: ReceivedLetter, sender: NonNullable<MailboxVector["sender"]>, recipient: string): void {
  const { did, fragment, algorithm, publicKey } = letter.sender;
  same([did, fragment, algorithm].join(), [sender.did, sender.fragment, sender.algorithm].join(), "sender");
  same(toHex(publicKey), toHex(own(sender).signer.publicKey.bytes), "the sender's key");
  same(letter.recipient, recipient, "recipient");
  same(toHex(letter.messageId), sender.message_id, "message_id");
  same([letter.sent, letter.expires].join(), [sender.sent, sender.expires].join(), "times");
  same(letter.contentType, sender.content_type, "content_type");
  same(toHex(letter.content), sender.content, "content");
}
