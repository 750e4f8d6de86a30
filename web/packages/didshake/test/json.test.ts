import { describe, expect, it } from "vitest";
import { utf8 } from "../src/bytes.js";
import { JsonFault, parseJsonObject } from "../src/json.js";
import { seeded } from "./support/loopback.js";

const kind = (text: string | Uint8Array): string => {
  try {
    parseJsonObject(typeof text === "string" ? utf8(text) : text);
  } catch (fault) {
    if (fault instanceof JsonFault) return fault.kind;
    throw fault;
  }
  return "ok";
};

describe("strict JSON", () => {
  it("takes one object with JSON white space around it", () => {
    const good = [
      "{}", " \t\r\n{ } \n", '{"a":1}', '{"a":[],"b":{},"c":[1,"x",null,true,false,{"d":[[]]}]}', '{"":""}',
      '{"a":-0,"b":1e5,"c":1E+5,"d":1.5e-3,"e":0.0,"f":1e308,"g":5e-400}', '{"a":"\\u0041\\n\\"\\\\\\/\\b\\f\\r\\t"}',
      '{"a":"\\ud83d\\ude00","\\u0062":"\u{1f600}"}', '{"__proto__":1,"constructor":2}', '{"a":"\u007f\u2028\ufeff"}', '{"a":{"a":{"a":1}}}',
    ];
    for (const text of good) expect(kind(text), text).toBe("ok");
    expect(parseJsonObject(utf8('{"__proto__":1,"a":"\\ud83d\\ude00"}'))).toEqual(new Map<string, unknown>([["__proto__", 1], ["a", "\u{1f600}"]]));
  });

  it("refuses everything else", () => {
    const bad = [
      "", " ", "[]", '"a"', "1", "null", "{", "}", '{"a"}', '{"a":}', '{"a":1,}', '{,"a":1}', '{"a":1 "b":2}', '{"a":1}{}', '{"a":1} x',
      "{'a':1}", "{a:1}", '{"a":01}', '{"a":1.}', '{"a":.5}', '{"a":+1}', '{"a":-}', '{"a":1e}', '{"a":1e+}', '{"a":0x1}', '{"a":1_0}',
      '{"a":NaN}', '{"a":Infinity}', '{"a":1e400}', '{"a":-1e309}', '{"a":tru}', '{"a":True}', '{"a":nul}', '{"a":"', '{"a":"\n"}',
      '{"a":"\t"}', '{"a":"\u0000"}', '{"a":"\\x41"}', '{"a":"\\u004"}', '{"a":"\\u00g1"}', '{"a":"\\"}', '{"a":"\\ud83d"}',
      '{"a":"\\ude00"}', '{"a":"\\ude00\\ud83d"}', '{"a":"\\ud83dx"}', '{"a":"\\ud83d\\u0041"}', '{"a":[1,]}', '{"a":[,1]}', '{"a":[1 2]}',
      '{"a":[1}', '{"a":1]', '{"a":1}\u0000', '\ufeff{}', "{}\u00a0", "\u000b{}", '{"a":1,"a":2}', '{"a":1,"\\u0061":2}',
      '{"x":{"b":1,"b":1}}', '{"x":[{"b":1,"b":1}]}', '{"\\ud83d\\ude00":1,"\u{1f600}":2}', '{"__proto__":1,"__proto__":2}', "//\n{}", "{/**/}",
    ];
    for (const text of bad) expect(kind(text), JSON.stringify(text)).toBe("json");
    for (const bytes of [[0xff], [0x7b, 0x22, 0xc0, 0x80, 0x22], [0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d], [0xef, 0xbb, 0xbf, 0x7b, 0x7d]]) {
      expect(kind(Uint8Array.from(bytes))).toBe("json");
    }
  });

  it("counts depth from the outermost object", () => {
    const deep = (levels: number): string => `{"a":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`;
    expect(kind(deep(16))).toBe("ok");
    expect(kind(deep(17))).toBe("depth");
    expect(kind(`{"a":${"[".repeat(30_000)}`)).toBe("depth");
    expect(kind(`{"a":${'{"a":'.repeat(16)}1${"}".repeat(16)}}`)).toBe("depth");
  });

  it("never does but read or refuse, and what it reads the platform reads alike", () => {
    const random = seeded(3);
    const base = '{"id":"did:web:a.example","n":[1,2.5e3,-0,true,null],"s":"\\u00e9\\ud83d\\ude00","o":{"k":"v","l":[]}}';
    for (let i = 0; i < 3000; i++) {
      const bytes = utf8(base);
      for (let changes = 1 + random(3); changes > 0; changes--) bytes[random(bytes.length)] = random(256);
      if (kind(bytes) === "ok") JSON.parse(new TextDecoder().decode(bytes));
    }
  });
});
