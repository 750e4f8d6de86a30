import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { concat, fromHex, toHex, u16, utf8 } from "../src/bytes.js";
import { systemRandom, type LocalIdentity, type Random } from "../src/config.js";
import { DidshakeError } from "../src/errors.js";
import { MAX_ENVELOPE, openEnvelope, sealLetter, type LetterToSeal } from "../src/mailbox/envelope.js";
import { decap, deriveKeyPair, encap, keySchedule, openOnce, sealOnce } from "../src/mailbox/hpke.js";
import { MailboxKey, MailboxKeyPair, verifyMailboxKey, type MailboxKeyView } from "../src/mailbox/key.js";
import type { Resolver } from "../src/resolver.js";
import { ED25519, ES256, type Algorithm } from "../src/signatures.js";
import { WebCryptoSigner } from "../src/webcrypto.js";
import { loadMailbox } from "./support/files.js";
import { codeOf, newIdentity, NOW } from "./support/loopback.js";
import { keysOf, readEnvelope, readKey, runMailbox, sealAgain } from "./support/mailbox.js";
import type { MailboxVector } from "./support/vector.js";

const { vectors } = loadMailbox();
const vectorOf = (id: string): MailboxVector => structuredClone(vectors.find((vector) => vector.id === id) as MailboxVector);
const DAY = 86_400;
const clock = (): number => NOW;
const random = systemRandom;

const keysFor = (identity: LocalIdentity, lifetime = 30 * DAY): Promise<MailboxKeyPair> =>
  MailboxKeyPair.generate({ identity, lifetime, clock, random });
const keyOf = (pair: MailboxKeyPair, view: Partial<MailboxKeyView> = {}): Promise<MailboxKey> =>
  verifyMailboxKey(pair.signedKey, { meant: { did: pair.did }, clock, ...view });

/** An owner, a sender, and a letter between them that can be sealed. */
async function parties(more: Partial<LetterToSeal> = {}): Promise<{ pair: MailboxKeyPair; letter: LetterToSeal }> {
  const [owner, identity] = [newIdentity(1), newIdentity(1)];
  const pair = await keysFor(owner);
  const letter = { identity, to: await keyOf(pair), contentType: "text/plain", content: utf8("a letter"), lifetime: DAY, clock, random };
  return { pair, letter: { ...letter, ...more } };
}

/** A code of the specification, and not `accepted`, `caller`, `own_failure` or `state_used`. */
const REFUSED = /^(?!own_|state_)[a-z]+(_[a-z0-9]+)+$/;

const changed = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, index) => (index === at ? byte ^ (1 << at % 8) : byte));

describe("the harness", () => {
  it("notices another byte, another error, and what is accepted", async () => {
    const good = vectorOf("m-ed25519");
    await runMailbox(good);
    for (const name of ["mailbox_key", "envelope"] as const) {
      const text = good[name] as string;
      await expect(runMailbox({ ...good, [name]: text.replace(/.$/, (digit) => (digit === "0" ? "1" : "0")) })).rejects.toThrow(name);
    }
    for (const name of Object.keys(good.intermediates ?? {})) {
      const intermediates = { ...good.intermediates, [name]: "00" } as NonNullable<MailboxVector["intermediates"]>;
      await expect(runMailbox({ ...good, intermediates })).rejects.toThrow(name);
    }
    const bad = vectorOf("m-key-type-0");
    await expect(runMailbox({ ...bad, fails: { step: "mailbox_key", error: "mailbox_key_time" } })).rejects.toThrow("error");
    await expect(runMailbox({ ...good, kind: "negative", fails: { step: "letter", error: "x" } })).rejects.toThrow("accepted");
  });
});

describe("HPKE", () => {
  it("is that of RFC 9180, A.2.1", () => {
    const ephemeral = deriveKeyPair(fromHex("909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b"));
    expect(toHex(ephemeral.publicKey)).toBe("1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a");
    const recipient = {
      secret: fromHex("8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb"),
      publicKey: fromHex("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a"),
    };
    const secret = encap(ephemeral, recipient.publicKey) as Uint8Array;
    expect(toHex(secret)).toBe("0bbe78490412b4bbea4812666f7916932b828bba79942424abb65244930d69a7");
    expect(decap(recipient, ephemeral.publicKey)).toEqual(secret);
    const info = fromHex("4f6465206f6e2061204772656369616e2055726e");
    const [one, other] = [keySchedule(Uint8Array.from(secret), info), keySchedule(secret, info)];
    expect(secret).toEqual(new Uint8Array(32));
    expect(toHex(one.key)).toBe("ad2744de8e17f4ebba575b3f5f5a8fa1f69c2a07f6e7500bc60ca6e3e3ec1c91");
    expect(toHex(one.baseNonce)).toBe("5c4d98150661b848853b547f");
    const plain = fromHex("4265617574792069732074727574682c20747275746820626561757479");
    const sealed = sealOnce(one, fromHex("436f756e742d30"), plain);
    expect(toHex(sealed)).toBe("1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28");
    expect(openOnce(other, fromHex("436f756e742d30"), sealed)).toEqual(plain);
    for (const { key, baseNonce } of [one, other]) expect(toHex(concat(key, baseNonce))).toBe("00".repeat(44));
  });

  it("has no result where Diffie-Hellman gives zeros", () => {
    const pair = deriveKeyPair(systemRandom(32));
    for (const low of [new Uint8Array(32), new Uint8Array(32).fill(1, 0, 1)]) {
      expect(encap(pair, low)).toBeUndefined();
      expect(decap(pair, low)).toBeUndefined();
    }
  });
});

describe("a changed byte, anywhere", () => {
  for (const id of ["m-ed25519", "m-p256", "m-web"]) {
    it(`in the mailbox key of ${id}, one less and one more`, async () => {
      const vector = vectorOf(id);
      const bytes = fromHex(vector.mailbox_key);
      const read = (mailbox_key: Uint8Array): Promise<string> => codeOf(() => readKey({ ...vector, mailbox_key: toHex(mailbox_key) }));
      expect(await read(bytes)).toBe("accepted");
      for (let at = 0; at < bytes.length; at++) expect(await read(changed(bytes, at)), `byte ${at}`).toMatch(REFUSED);
      for (let at = 0; at < bytes.length; at++) expect(await read(bytes.subarray(0, at)), `${at} bytes`).toBe("mailbox_key_malformed");
      expect(await read(concat(bytes, Uint8Array.of(0)))).toBe("mailbox_key_malformed");
    });
  }

  it("in the envelope, one less and one more", async () => {
    const vector = vectorOf("m-ed25519");
    const bytes = fromHex(vector.envelope as string);
    const read = (envelope: Uint8Array): Promise<string> => codeOf(() => readEnvelope({ ...vector, envelope: toHex(envelope) }));
    expect(await read(bytes)).toBe("accepted");
    for (let at = 0; at < bytes.length; at++) {
      const code = at < 2 ? "envelope_malformed" : at < 18 ? "envelope_key_unknown" : "envelope_not_opened";
      expect(await read(changed(bytes, at)), `byte ${at}`).toBe(code);
    }
    for (let at = 0; at < bytes.length; at++) expect(await read(bytes.subarray(0, at)), `${at} bytes`).toBe("envelope_malformed");
    expect(await read(concat(bytes, Uint8Array.of(0)))).toBe("envelope_malformed");
    expect(await read(new Uint8Array(MAX_ENVELOPE + 1))).toBe("envelope_malformed");
  });

  for (const id of ["m-ed25519", "m-p256", "m-web"]) {
    it(`in the letter of ${id}, sealed again`, async () => {
      const vector = vectorOf(id);
      const letter = fromHex(vector.intermediates?.letter as string);
      const read = (plain: Uint8Array): Promise<string> => codeOf(() => readEnvelope({ ...vector, envelope: toHex(sealAgain(vector, plain)) }));
      expect(toHex(sealAgain(vector, letter))).toBe(vector.envelope);
      for (let at = 0; at < letter.length; at++) expect(await read(changed(letter, at)), `byte ${at}`).toMatch(REFUSED);
    });
  }
});

describe("between two", () => {
  const signers = [ED25519, ES256] as const;
  const platform = async (algorithm: Algorithm, form: "key" | "jwk"): Promise<LocalIdentity> =>
    newIdentity(algorithm, form, await WebCryptoSigner.generate(algorithm));

  for (const [owner, sender] of signers.flatMap((one) => signers.map((other) => [one, other] as const))) {
    it(`whose keys WebCrypto has: owner ${owner}, sender ${sender}`, async () => {
      const [own, identity] = [await platform(owner, "key"), await platform(sender, "jwk")];
      const pair = MailboxKeyPair.restore((await keysFor(own)).stored());
      const content = systemRandom(1000);
      const { envelope, messageId, sent, expires } = await sealLetter({
        identity, to: await keyOf(pair), contentType: "application/octet-stream", content, lifetime: 30 * DAY, clock, random,
      });
      expect(envelope.length).toBe(2048 + 66);
      const got = await openEnvelope(envelope, { keys: [await keysFor(own), pair], admit: { did: identity.did }, clock });
      expect(got).toEqual({
        sender: { did: identity.did, fragment: "", algorithm: sender, publicKey: identity.signer.publicKey.bytes },
        recipient: own.did, messageId, sent, expires, contentType: "application/octet-stream", content,
      });
      expect([sent, expires]).toEqual([NOW, NOW + 30 * DAY]);
    });
  }

  it("a letter that is sent again is in another envelope, and has the same message id", async () => {
    const { pair, letter } = await parties();
    const first = await sealLetter(letter);
    const again = await sealLetter({ ...letter, messageId: first.messageId, sent: first.sent });
    expect(again.envelope.subarray(18)).not.toEqual(first.envelope.subarray(18));
    expect(again.messageId).toEqual(first.messageId);
    const other = await sealLetter(letter);
    expect(other.messageId).not.toEqual(first.messageId);
    const got = await Promise.all([first, again].map(({ envelope }) => openEnvelope(envelope, { keys: [pair], admit: { any: true }, clock })));
    expect(got[0]).toEqual(got[1]);
  });

  it("a letter is in the smallest class: at every edge", async () => {
    const { letter } = await parties();
    // did:key of Ed25519: 2 + 56 bytes; fragment, algorithm, signature, id, times; content type and length
    const fixed = 58 + 1 + 1 + 64 + 16 + 16 + 11 + 4;
    for (const size of [512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536]) {
      const lengthOf = async (n: number): Promise<number> => (await sealLetter({ ...letter, content: new Uint8Array(n - fixed) })).envelope.length - 66;
      expect(await lengthOf(size)).toBe(size);
      expect(await lengthOf(size + 1)).toBe(2 * size);
    }
    expect((await sealLetter({ ...letter, content: new Uint8Array(65_536) })).envelope.length).toBe(MAX_ENVELOPE);
  });
});

describe("order", () => {
  /** Its DID cannot be resolved, and it counts who tries. */
  function counted(): { resolver: Resolver; asked: string[] } {
    const asked: string[] = [];
    const resolve = async (did: string) => (asked.push(did), { kind: "not_found" as const });
    return { resolver: { methods: ["web"], resolve }, asked };
  }

  it("nobody is resolved who is not meant, or before the times are right", async () => {
    const { mailbox_key, owner } = vectorOf("m-web");
    const { resolver, asked } = counted();
    const read = (did: string, now: number): Promise<string> =>
      codeOf(() => verifyMailboxKey(fromHex(mailbox_key), { meant: { did }, clock: () => now, resolvers: [resolver] }));
    expect(await read("did:web:other.example", owner.ends)).toBe("mailbox_key_time");
    expect(await read("did:web:other.example", owner.begins)).toBe("not_admitted");
    expect(asked).toEqual([]);
    expect(await read(owner.did, owner.begins - 61)).toBe("mailbox_key_time");
    expect(await read(owner.did, owner.begins - 60)).toBe("did_not_found");
    expect(asked).toEqual([owner.did]);
  });

  it("nobody is resolved of whom no letters are taken", async () => {
    const vector = vectorOf("m-web");
    const { sender, envelope } = vector as Required<MailboxVector>;
    const { resolver, asked } = counted();
    const read = (dids: string[], now: number): Promise<string> => codeOf(() => openEnvelope(fromHex(envelope), {
      keys: [keysOf(vector)], admit: { admit: (did) => dids.includes(did) }, clock: () => now, resolvers: [resolver],
    }));
    expect(await read([], sender.expires)).toBe("letter_expired");
    expect(await read([], sender.sent - 61)).toBe("letter_time");
    expect(await read([], sender.sent - 60)).toBe("not_admitted");
    expect(asked).toEqual([]);
    expect(await read([sender.did], sender.expires - 1)).toBe("did_not_found");
    expect(asked).toEqual([sender.did]);
  });

  it("an envelope is opened until its key is over, and no more when it is wiped", async () => {
    const { pair, letter } = await parties();
    const { envelope } = await sealLetter(letter);
    const read = (now: number): Promise<string> => codeOf(() => openEnvelope(envelope, { keys: [pair], admit: { any: true }, clock: () => now }));
    expect(pair.over).toBe(pair.ends + 30 * DAY + 60);
    expect(await read(pair.over - 1)).toBe("letter_expired");
    expect(await read(pair.over)).toBe("envelope_key_unknown");
    expect(await read(NOW)).toBe("accepted");
    pair.wipe();
    expect(await read(NOW)).toBe("envelope_key_unknown");
    expect(await codeOf(() => pair.stored())).toBe("state_used");
  });
});

describe("what cannot be", () => {
  it("a mailbox key for longer than 90 days, or for no time", async () => {
    for (const lifetime of [0, -1, 0.5, 90 * DAY + 1, Number.NaN]) {
      expect(await codeOf(() => keysFor(newIdentity(1), lifetime))).toBe("caller");
    }
    const of = (more: object): Promise<string> =>
      codeOf(() => MailboxKeyPair.generate({ identity: newIdentity(1), lifetime: DAY, clock, random, ...more }));
    expect(await of({ lifetime: 90 * DAY })).toBe("accepted");
    for (const begins of [-1, 0.5, 2 ** 53]) expect(await of({ begins })).toBe("caller");
    expect(await of({ identity: { ...newIdentity(1), fragment: "key" } })).toBe("caller");
    expect(await of({ clock: () => Number.NaN })).toBe("own_failure");
  });

  it("a pair of a secret and a mailbox key of another", async () => {
    const [one, other] = await Promise.all([keysFor(newIdentity(1)), keysFor(newIdentity(1))]);
    const { secret, signedKey } = one.stored();
    expect(await codeOf(() => MailboxKeyPair.restore({ secret, signedKey: other.signedKey }))).toBe("caller");
    expect(await codeOf(() => MailboxKeyPair.restore({ secret: secret.subarray(1), signedKey }))).toBe("caller");
    expect(await codeOf(() => MailboxKeyPair.restore({ secret, signedKey: signedKey.subarray(1) }))).toBe("mailbox_key_malformed");
    expect(MailboxKeyPair.restore({ secret, signedKey }).id).toEqual(one.id);
    for (const shown of [JSON.stringify(one), inspect(one, { depth: 9, showHidden: true })]) expect(shown).not.toContain(toHex(secret).slice(0, 16));
  });

  it("a letter that no recipient would take", async () => {
    const { letter } = await parties();
    const seal = (more: object): Promise<string> => codeOf(() => sealLetter({ ...letter, ...more }));
    for (const contentType of ["", " ", "a b", "\u00e4", "a\n", "x".repeat(256)]) expect(await seal({ contentType })).toBe("caller");
    for (const lifetime of [0, -1, 1.5, 30 * DAY + 1]) expect(await seal({ lifetime })).toBe("caller");
    for (const sent of [-1, 0.5, 2 ** 53]) expect(await seal({ sent })).toBe("caller");
    expect(await seal({ content: new Uint8Array(65_537) })).toBe("caller");
    expect(await seal({ content: "text" })).toBe("caller");
    expect(await seal({ messageId: new Uint8Array(15) })).toBe("caller");
    expect(await seal({ to: { ...letter.to } })).toBe("caller");
    expect(await seal({ contentType: "~".repeat(255), lifetime: 30 * DAY })).toBe("accepted");
  });

  it("a letter to a mailbox key that has ended since, or that makes Diffie-Hellman give zeros", async () => {
    const { letter } = await parties();
    expect(await codeOf(() => sealLetter({ ...letter, clock: () => letter.to.ends }))).toBe("mailbox_key_time");
    const owner = newIdentity(1);
    const pair = await keysFor(owner);
    const head = concat(pair.signedKey.subarray(0, 2), new Uint8Array(32), pair.signedKey.subarray(34, -64));
    const signature = await owner.signer.sign(concat(utf8("didshake/1 mailbox key"), Uint8Array.of(0), head));
    const to = await verifyMailboxKey(concat(head, signature), { meant: { did: owner.did }, clock });
    expect(await codeOf(() => sealLetter({ ...letter, to }))).toBe("key_invalid");
  });

  it("a signer or a source of randomness that fails", async () => {
    const { letter } = await parties();
    const { signer } = letter.identity;
    const failing = [() => Promise.reject(new Error("secret")), () => Promise.resolve(new Uint8Array(63))];
    for (const sign of failing) {
      const identity = { ...letter.identity, signer: { publicKey: signer.publicKey, sign } };
      expect(await codeOf(() => sealLetter({ ...letter, identity }))).toBe("own_failure");
      expect(await codeOf(() => keysFor(identity))).toBe("own_failure");
    }
    const sources: Random[] = [() => new Uint8Array(1), () => { throw new Error("none"); }];
    for (const source of sources) expect(await codeOf(() => sealLetter({ ...letter, random: source }))).toBe("own_failure");
  });

  it("an answer: no error has an alert", async () => {
    const { pair, letter } = await parties();
    const { envelope } = await sealLetter(letter);
    const throwing = { admit: () => { throw new Error("the store"); } };
    for (const [admit, code] of [[{ any: false }, "not_admitted"], [throwing, "own_failure"]] as const) {
      const fault = await openEnvelope(envelope, { keys: [pair], admit, clock }).catch((error: unknown) => error as DidshakeError);
      expect(fault).toMatchObject({ code, alert: null, delayed: false });
    }
    const fault = await keyOf(pair, { meant: { did: letter.identity.did } }).catch((error: unknown) => error as DidshakeError);
    expect(fault).toMatchObject({ code: "not_admitted", alert: null });
  });

  it("a mailbox key whose DID says that it is longer than it may be", async () => {
    const { pair } = await parties();
    const long = concat(pair.signedKey.subarray(0, 50), u16(0xffff), new Uint8Array(0xffff + 66));
    expect(await codeOf(() => verifyMailboxKey(long, { meant: { did: pair.did }, clock }))).toBe("did_syntax");
  });
});
