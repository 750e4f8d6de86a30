import { describe, expect, it } from "vitest";
import { concat, fromHex, toHex, u16, u8, utf8, vec16, vec8 } from "../src/bytes.js";
import { DidshakeError } from "../src/errors.js";
import { decodeIdentity } from "../src/identity.js";
import { Responder } from "../src/responder.js";
import { X25519, x25519Group } from "../src/suites.js";
import { loadVectors } from "./support/files.js";
import { codeOf, newIdentity, pair } from "./support/loopback.js";
import { player, playMessages } from "./support/play.js";
import { runHandshake } from "./support/run.js";
import type { Vector } from "./support/vector.js";

const { handshakes } = loadVectors();
const vectorOf = (id: string): Vector => structuredClone(handshakes.find((vector) => vector.id === id) as Vector);

describe("the harness", () => {
  it("notices another byte, another error, another alert, and what is accepted", async () => {
    const wire = vectorOf("p-key-ed25519");
    (wire.messages[2] as { wire: string }).wire = (wire.messages[2] as { wire: string }).wire.replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
    await expect(runHandshake(wire)).rejects.toThrow();
    const intermediate = vectorOf("p-key-ed25519");
    (intermediate.handshake as Record<string, string>)["k_accept"] = "00".repeat(32);
    await expect(runHandshake(intermediate)).rejects.toThrow("k_accept");
    const more = vectorOf("p-key-ed25519");
    (more.handshake as Record<string, string>)["other"] = "00";
    await expect(runHandshake(more)).rejects.toThrow("left over");
    const bad = vectorOf("n-reply-trailing");
    await expect(runHandshake({ ...bad, fails: { ...(bad.fails as NonNullable<Vector["fails"]>), error: "message_truncated" } })).rejects.toThrow("error");
    await expect(runHandshake({ ...bad, fails: { ...(bad.fails as NonNullable<Vector["fails"]>), alert: 49 } })).rejects.toThrow("alert");
    const accepted = { ...vectorOf("p-key-ed25519"), kind: "negative" as const, fails: { role: "responder" as const, at: "finish", error: "x", alert: null } };
    accepted.messages.pop();
    delete (accepted as Partial<Vector>).channel;
    await expect(runHandshake(accepted)).rejects.toThrow("accepted");
  });
});

describe("answers", () => {
  it("an Accept that opens and is refused is answered in a record, one that does not open in clear (R-INIT-9)", async () => {
    const bad = handshakes.filter(({ fails }) => fails?.at === "accept" && fails.role === "initiator");
    let records = 0;
    for (const vector of bad) {
      const who = player(vector, "initiator");
      await playMessages(who, "initiator", vector.messages.slice(0, -1));
      const fault = await who.take(vector.messages.at(-1) as Vector["messages"][number]).catch((error: unknown) => error as DidshakeError);
      const { code, alert, answer } = fault as DidshakeError;
      if (code === "accept_malformed" || code === "unknown_critical_extension") {
        // the responder, which has sent Accept, takes it for an alert of the peer: play the base to have its channel
        const base = vectorOf("p-key-ed25519");
        const other = player(base, "responder");
        await playMessages(other, "responder", base.messages);
        expect(await codeOf(() => other.established?.channel?.receive(answer?.[0] as Uint8Array))).toBe("peer_alert");
        records += 1;
      } else if (alert !== null) {
        expect(answer).toEqual([Uint8Array.of(15, alert)]);
      } else {
        expect(answer).toBeUndefined();
      }
    }
    expect(records).toBe(11);
  });
});

/** A Hello in parts, so that faults can be put in. */
function helloParts() {
  const share = x25519Group(X25519).share(new Uint8Array(32).fill(9));
  return {
    type: u8(1), version: u8(1), suites: vec8(concat(u16(1), u16(2))), group: u16(X25519), share: vec16(share), nonce: new Uint8Array(32) as Uint8Array,
    protocol: vec8(utf8("didshake.chat/1")), extensions: vec16(new Uint8Array()), tail: new Uint8Array() as Uint8Array,
  };
}

describe("order of checks", () => {
  it("of Hello (10.1): the first fault decides", async () => {
    const extension = (id: number, critical: number, body: Uint8Array): Uint8Array => concat(u16(id), u8(critical), vec16(body));
    const steps: [Partial<ReturnType<typeof helloParts>>, string][] = [
      [{ type: u8(2) }, "unexpected_message"],
      [{ version: u8(2) }, "unsupported_version"],
      [{ suites: vec8(Uint8Array.of(1)) }, "suite_list_malformed"],
      [{ protocol: vec8(new Uint8Array()) }, "application_protocol_empty"],
      [{ extensions: vec16(concat(extension(5, 0, u8(1)), extension(5, 0, u8(1)))) }, "extension_order"],
      [{ extensions: vec16(extension(5, 2, u8(1))) }, "extension_critical_byte"],
      [{ extensions: vec16(concat(extension(1, 1, u8(1)), extension(2, 2, u8(1)))) }, "recipient_malformed"],
      [{ tail: u8(0) }, "trailing_bytes"],
      [{ suites: vec8(concat(u16(1), u16(1))), group: u16(7) }, "suite_list_duplicate"],
      [{ suites: vec8(u16(1)), group: u16(7) }, "suite_list_without_group"],
      [{ extensions: vec16(extension(2, 1, u8(1))) }, "unknown_critical_extension"],
      [{ suites: vec8(u16(77)) }, "no_common_suite"],
      [{ protocol: vec8(utf8("other")) }, "unknown_application_protocol"],
      [{ extensions: vec16(extension(1, 0, new Uint8Array(16))) }, "unknown_recipient"],
      [{ share: vec16(new Uint8Array(31)) }, "share_invalid"],
      [{ share: vec16(new Uint8Array(32)) }, "share_invalid"],
    ];
    for (let i = 0; i < steps.length; i++) {
      // fault i, and every later one that does not sit in the same field
      const parts = Object.assign(helloParts(), ...steps.slice(i).map(([fault]) => fault).reverse()) as ReturnType<typeof helloParts>;
      const hello = concat(...Object.values(parts));
      expect(await codeOf(() => new Responder(pair().responder).waitHello().receive(hello)), steps[i]?.[1]).toBe(steps[i]?.[1]);
    }
    const good = concat(...Object.values(helloParts()));
    expect(await codeOf(() => new Responder(pair().responder).waitHello().receive(good))).toBe("accepted");
    for (let length = 0; length < good.length; length++) {
      expect(await codeOf(() => new Responder(pair().responder).waitHello().receive(good.slice(0, length)))).toBe("message_truncated");
    }
  });

  it("of an Identity (7.4): the first fault decides", async () => {
    const parts = () => ({
      did: vec16(utf8("did:web:a.example")), fragment: vec8(utf8("k")), algorithm: u8(1), signature: new Uint8Array(64), extensions: vec16(new Uint8Array()),
    });
    const padded = (fields: Uint8Array, more = 0): Uint8Array => concat(fields, new Uint8Array(((64 - (fields.length % 64)) % 64) + more));
    const entry = (critical: number): Uint8Array => vec16(concat(u16(40), u8(critical), u16(0)));
    const steps: [Partial<ReturnType<typeof parts>>, number, string][] = [
      [{ did: u16(2049) }, 0, "did_syntax"],
      [{ did: vec16(utf8("did:web:")) }, 0, "did_syntax"],
      [{ algorithm: u8(3) }, 0, "unknown_algorithm"],
      [{ extensions: entry(2) }, 0, "identity_extensions"],
      [{}, 64, "identity_padding"],
      [{ fragment: vec8(new Uint8Array()) }, 0, "fragment_rule"],
      [{ extensions: entry(1) }, 0, "unknown_critical_extension"],
    ];
    for (let i = 0; i < steps.length; i++) {
      const later = steps.slice(i);
      const fields = Object.assign(parts(), ...later.map(([fault]) => fault).reverse()) as ReturnType<typeof parts>;
      const more = later.reduce((sum, [, padding]) => sum + padding, 0);
      expect(await codeOf(() => decodeIdentity(padded(concat(...Object.values(fields)), more))), steps[i]?.[2]).toBe(steps[i]?.[2]);
    }
    const fields = concat(...Object.values(parts()));
    expect(decodeIdentity(padded(fields)).did).toBe("did:web:a.example");
    for (let length = 0; length < fields.length; length++) {
      expect(await codeOf(() => decodeIdentity(fields.slice(0, length)))).toBe("identity_malformed");
    }
  });

  it("a state that is ended answers nothing more", async () => {
    const responder = new Responder(pair({ identities: [newIdentity(1), newIdentity(1)] }).responder);
    const wait = responder.waitHello();
    wait.end();
    expect(await codeOf(() => wait.receive(fromHex("0101")))).toBe("state_used");
    expect(toHex(u8(1))).toBe("01");
  });
});
