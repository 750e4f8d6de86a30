/** A JSON value as this reader gives it: objects are maps, so that no name (`__proto__`) means anything else. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
/** A JSON object without duplicate names. */
export type JsonObject = ReadonlyMap<string, Json>;

/** What is wrong with a text: not strict JSON, or deeper than it may be (9.6, step 6). */
export class JsonFault extends Error {
  constructor(readonly kind: "json" | "depth") {
    super(kind);
  }
}

/** Objects and lists may be nested this deep (9.6, step 6). */
export const MAX_DEPTH = 16;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const SPACE = /[ \t\n\r]*/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t",
};

/** Reads one JSON object in UTF-8 by the rules of sections 8.2 and 9.6. Throws {@link JsonFault}. */
export function parseJsonObject(bytes: Uint8Array): JsonObject {
  return new Parser(textOf(bytes), MAX_DEPTH).whole("{") as JsonObject;
}

/** Reads one JSON value in the same way; `depth` is how deep it may be. Throws {@link JsonFault}. */
export function parseJson(bytes: Uint8Array, depth: number): Json {
  return new Parser(textOf(bytes), depth).whole("");
}

function textOf(bytes: Uint8Array): string {
  try {
    // ignoreBOM keeps a byte order mark in the text, where it is no JSON
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new JsonFault("json");
  }
}

/** A recursive reader; its depth is bounded, so that its stack is. */
class Parser {
  readonly #text: string;
  readonly #depth: number;
  #at = 0;

  constructor(text: string, depth: number) {
    this.#text = text;
    this.#depth = depth;
  }

  /** The one value that the text is, which begins with `first`. */
  whole(first: string): Json {
    this.#space();
    if (!this.#text.startsWith(first, this.#at)) this.#fail();
    const value = this.#value(0);
    this.#space();
    if (this.#at !== this.#text.length) this.#fail();
    return value;
  }

  #fail(): never {
    throw new JsonFault("json");
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) this.#fail();
    this.#at += found.length;
    return found;
  }

  #space(): void {
    this.#match(SPACE);
  }

  /** Takes this character if it is next. */
  #is(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #expect(word: string): void {
    if (!this.#text.startsWith(word, this.#at)) this.#fail();
    this.#at += word.length;
  }

  #value(depth: number): Json {
    switch (this.#text[this.#at]) {
      case "{": return this.#object(depth + 1);
      case "[": return this.#array(depth + 1);
      case '"': return this.#string();
      case "t": return this.#word("true", true);
      case "f": return this.#word("false", false);
      case "n": return this.#word("null", null);
      default: return this.#number();
    }
  }

  #word<T>(word: string, value: T): T {
    this.#expect(word);
    return value;
  }

  #number(): number {
    const value = Number(this.#match(NUMBER));
    // 1e400 has no double: I-JSON (RFC 7493)
    if (!Number.isFinite(value)) this.#fail();
    return value;
  }

  #object(depth: number): JsonObject {
    if (depth > this.#depth) throw new JsonFault("depth");
    const members = new Map<string, Json>();
    this.#expect("{");
    this.#space();
    if (this.#is("}")) return members;
    do {
      this.#space();
      const name = this.#string();
      if (members.has(name)) this.#fail();
      this.#space();
      this.#expect(":");
      this.#space();
      members.set(name, this.#value(depth));
      this.#space();
    } while (this.#is(","));
    this.#expect("}");
    return members;
  }

  #array(depth: number): Json[] {
    if (depth > this.#depth) throw new JsonFault("depth");
    const entries: Json[] = [];
    this.#expect("[");
    this.#space();
    if (this.#is("]")) return entries;
    do {
      this.#space();
      entries.push(this.#value(depth));
      this.#space();
    } while (this.#is(","));
    this.#expect("]");
    return entries;
  }

  #string(): string {
    this.#expect('"');
    let value = "";
    for (;;) {
      value += this.#match(PLAIN);
      if (this.#is('"')) return value;
      this.#expect("\\");
      value += this.#escape();
    }
  }

  #escape(): string {
    const letter = this.#text[this.#at++] ?? "";
    if (letter !== "u") return ESCAPES[letter] ?? this.#fail();
    const first = this.#hex4();
    if (first < 0xd800 || first > 0xdfff) return String.fromCharCode(first);
    // half a surrogate pair is no character
    if (first > 0xdbff) this.#fail();
    this.#expect("\\u");
    const second = this.#hex4();
    if (second < 0xdc00 || second > 0xdfff) this.#fail();
    return String.fromCharCode(first, second);
  }

  #hex4(): number {
    const digits = this.#text.slice(this.#at, this.#at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.#fail();
    this.#at += 4;
    return Number.parseInt(digits, 16);
  }
}
