import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { CardVector, Index, MailboxVector, RequestVector, Vector, VectorSet, WebvhVector } from "./vector.js";

/** The directory vectors/ beside web/. */
export const VECTORS = fileURLToPath(new URL("../../../../../vectors/", import.meta.url));

const read = (path: string): unknown => JSON.parse(readFileSync(VECTORS + path, "utf8"));
const list = (folder: string): string[] => readdirSync(VECTORS + folder).map((name) => `${folder}/${name}`);

/** Every file that there is, whether the index lists it or not. */
export function loadVectors(): VectorSet {
  const handshakes = [...list("positive"), ...list("negative")].map((path) => read(path) as Vector);
  const requests = list("request").map((path) => read(path) as RequestVector);
  return { index: read("index.json") as Index, handshakes, requests };
}

/** Every mailbox vector that there is, by the same rule. */
export function loadMailbox(): { index: Index; vectors: MailboxVector[] } {
  return { index: read("index.json") as Index, vectors: list("mailbox").map((path) => read(path) as MailboxVector) };
}

/** Every vector of a contact card that there is, by the same rule. */
export function loadCards(): { index: Index; vectors: CardVector[] } {
  return { index: read("index.json") as Index, vectors: list("card").map((path) => read(path) as CardVector) };
}

/** Every vector of a log of did:webvh that there is, by the same rule. */
export function loadWebvh(): { index: Index; vectors: WebvhVector[] } {
  return { index: read("index.json") as Index, vectors: list("webvh").map((path) => read(path) as WebvhVector) };
}
