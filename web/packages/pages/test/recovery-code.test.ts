import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fromHex, toHex } from "../../didshake/src/bytes.js";
import { systemRandom } from "../../didshake/src/config.js";
import { SoftwareSigner } from "../../didshake/src/signer.js";
import { CODE_BYTES, CodeFault, readCode, recoveryKey, writeCode } from "../src/recovery-code.js";

const SPEC = readFileSync(new URL("../../../../spec/recovery-code.md", import.meta.url), "utf8").split("## 5 Example")[1] ?? "";
const example = (name: string): string => new RegExp(`^${name} +(.+)$`, "m").exec(SPEC)?.[1] ?? "";
const CODE = example("code");

const kindOf = (text: string): string => {
  try {
    return toHex(readCode(text));
  } catch (fault) {
    return fault instanceof CodeFault ? fault.kind : "another error";
  }
};

test("the example of the specification, which another program computed", () => {
  const bytes = fromHex(example("B"));
  expect(writeCode(bytes).join(" ")).toBe(CODE);
  expect(toHex(readCode(CODE))).toBe(example("B"));
  const { did, signer } = recoveryKey(bytes);
  expect(did).toBe(example("DID"));
  expect(toHex(signer.publicKey.bytes)).toBe(example("public"));
  expect(SoftwareSigner.fromSecret(1, fromHex(example("seed"))).publicKey).toEqual(signer.publicKey);
});

test("zeros, ones, counting up: written and read", () => {
  expect(writeCode(Uint8Array.from({ length: 20 }, (_, at) => at)).join(" ")).toBe("000G 40R4 0M30 E209 185G R38E 1W81 24GK WYQB");
  for (const bytes of [new Uint8Array(20), new Uint8Array(20).fill(255), ...Array.from({ length: 50 }, () => systemRandom(CODE_BYTES))]) {
    expect(writeCode(bytes)).toHaveLength(9);
    expect(readCode(writeCode(bytes).join(""))).toEqual(bytes);
  }
});

test("case, spaces, hyphens and letters that look like digits do not matter", () => {
  const bytes = example("B");
  const forms = [
    CODE.toLowerCase(), CODE.replaceAll(" ", ""), CODE.replaceAll(" ", "-"), CODE.replaceAll(" ", " – "), `\n\t ${CODE} `,
    CODE.replaceAll("1", "l"), CODE.replaceAll("1", "I"), CODE.replaceAll("1", "i"), [...CODE.replaceAll(" ", "")].join(" "),
  ];
  for (const form of forms) expect(kindOf(form), form).toBe(bytes);
  const zeros = writeCode(new Uint8Array(20)).join(" ");
  expect(kindOf(zeros.replaceAll("0", "O"))).toBe("00".repeat(20));
  expect(kindOf(zeros.replaceAll("0", "o"))).toBe("00".repeat(20));
});

test("what is no code is refused with what is wrong with it", () => {
  const plain = CODE.replaceAll(" ", "");
  for (const text of ["", " ", plain.slice(1), `${plain}0`, plain.slice(4), "0".repeat(100_000)]) expect(kindOf(text)).toBe("length");
  for (const text of [`U${plain.slice(1)}`, `${plain.slice(0, -1)}!`, `${plain.slice(0, -1)}é`, "recovery?"]) expect(kindOf(text)).toBe("character");
});

test("every single wrong character, and every swap of neighbours, is found", () => {
  const plain = CODE.replaceAll(" ", "");
  for (let at = 0; at < plain.length; at++) {
    const other = plain[at] === "7" ? "8" : "7";
    expect(kindOf(plain.slice(0, at) + other + plain.slice(at + 1)), `character ${at}`).toBe("check");
    if (plain[at] === plain[at + 1] || at === 35) continue;
    expect(kindOf(plain.slice(0, at) + plain[at + 1] + plain[at] + plain.slice(at + 2)), `characters ${at}, ${at + 1}`).toBe("check");
  }
});

test("a wiped key signs nothing", async () => {
  const { signer } = recoveryKey(systemRandom(CODE_BYTES));
  signer.wipe();
  await expect(signer.sign(new Uint8Array())).rejects.toThrow("state_used");
});
