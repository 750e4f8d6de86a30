import { wipe } from "../../didshake/src/bytes.js";
import { hash } from "../../didshake/src/encoding.js";
import { didKey } from "../../didshake/src/keys.js";
import { Expand, Extract } from "../../didshake/src/schedule.js";
import { ED25519 } from "../../didshake/src/signatures.js";
import { SoftwareSigner } from "../../didshake/src/signer.js";

// spec/recovery-code.md says it for strangers

/** What a recovery code stands for. */
export const CODE_BYTES = 20;
const CHARACTERS = 36;
/** Crockford's base32: no I, L, O, U. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Why a text is no recovery code, in a sentence for whoever typed it. */
export class CodeFault extends Error {
  constructor(readonly kind: "length" | "character" | "check", message: string) {
    super(message);
  }
}

/** The nine groups of four characters in which a code is shown. */
export function writeCode(bytes: Uint8Array): string[] {
  const text = toBase32(bytes, 32) + toBase32(hash(bytes), 4);
  return text.match(/.{4}/g) ?? [];
}

/** The bytes of a code as somebody typed it. Errors: {@link CodeFault}. */
export function readCode(text: string): Uint8Array {
  const plain = plainCode(text.slice(0, 400));
  const stranger = [...plain].find((character) => !ALPHABET.includes(character));
  if (stranger !== undefined) throw new CodeFault("character", `A recovery code has no “${stranger}”: only digits and letters, and no U.`);
  if (plain.length !== CHARACTERS) throw new CodeFault("length", `A recovery code has ${CHARACTERS} characters. This has ${plain.length}.`);
  const bytes = fromBase32(plain.slice(0, 32));
  if (toBase32(hash(bytes), 4) !== plain.slice(32)) {
    throw new CodeFault("check", "This code does not add up: at least one character is wrong. Compare it with what you wrote down.");
  }
  return bytes;
}

/** As the alphabet has it: upper case, without spaces and hyphens, and digits where letters look like them. */
export function plainCode(text: string): string {
  return text.toUpperCase().replace(/[\s\u2010-\u2015-]/g, "").replaceAll("O", "0").replace(/[IL]/g, "1");
}

/** The key of a code. Wipe it after use. */
export function recoveryKey(bytes: Uint8Array): { did: string; signer: SoftwareSigner } {
  const seed = Expand(Extract(new Uint8Array(), bytes), "didshake/1 recovery", 32);
  const signer = SoftwareSigner.fromSecret(ED25519, seed);
  wipe(seed);
  return { did: didKey(signer.publicKey), signer };
}

/** The first characters of bytes, five bits each, the highest first. */
function toBase32(bytes: Uint8Array, characters: number): string {
  let text = "";
  for (let at = 0; at < characters * 5; at += 5) {
    const two = ((bytes[at >>> 3] ?? 0) << 8) | (bytes[(at >>> 3) + 1] ?? 0);
    text += ALPHABET.charAt((two >>> (11 - (at & 7))) & 31);
  }
  return text;
}

function fromBase32(text: string): Uint8Array {
  let bits = "";
  for (const character of text) bits += ALPHABET.indexOf(character).toString(2).padStart(5, "0");
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2));
}
