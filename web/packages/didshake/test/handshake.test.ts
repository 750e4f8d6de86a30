import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { toHex, utf8 } from "../src/bytes.js";
import { HTTP, STREAM, WEBSOCKET } from "../src/config.js";
import { DidshakeError } from "../src/errors.js";
import { Initiator } from "../src/initiator.js";
import { Responder } from "../src/responder.js";
import { SoftwareSigner } from "../src/signer.js";
import { codeOf, handshake, newIdentity, NOW, pair, seeded, type MessageName } from "./support/loopback.js";
import { TEST_REGISTRY } from "./support/peers.js";

describe("both roles against each other", () => {
  for (const suite of [1, 2]) {
    for (const [first, second] of [[1, 1], [1, 2], [2, 1], [2, 2]] as const) {
      for (const binding of [STREAM, WEBSOCKET, HTTP] as const) {
        it(`suite ${suite}, algorithms ${first} and ${second}, binding ${binding}`, async () => {
          const identities = [newIdentity(first, "key"), newIdentity(second, "jwk")] as const;
          const sides = pair({ identities: [...identities], binding, initiator: { suites: [suite] } });
          const { initiator, responder } = await handshake(sides);
          expect(initiator.suite).toBe(suite);
          expect(initiator.peer.did).toBe(identities[1].did);
          expect(responder.peer.did).toBe(identities[0].did);
          expect(responder.peer.publicKey).toEqual(identities[0].signer.publicKey.bytes);
          expect(initiator.sessionId).toEqual(responder.sessionId);
          const [a, b] = [initiator, responder].map((side) => toHex(side.exporter.export("x", utf8("y"), 48)));
          expect(a).toBe(b);
          expect(initiator.channel === undefined).toBe(binding === HTTP);
          if (initiator.channel === undefined || responder.channel === undefined) return;
          const [record] = initiator.channel.send(utf8("hello"));
          expect(responder.channel.receive(record as Uint8Array)).toEqual({ type: "data", content: utf8("hello") });
        });
      }
    }
  }

  it("a Retry leads to a fresh Hello, on a stream and over HTTP, with recipient", async () => {
    for (const binding of [STREAM, HTTP] as const) {
      const hellos: string[] = [];
      const sides = pair({
        binding, initiator: { registry: TEST_REGISTRY, suites: [1, 0xfe01], recipient: true },
        responder: { registry: TEST_REGISTRY, suites: [0xfe01, 1] },
      });
      const ended = await handshake(sides, (name, message) => {
        if (name.startsWith("hello")) hellos.push(toHex(message));
        return message;
      });
      expect(ended.initiator.suite).toBe(0xfe01);
      expect(hellos[0]?.slice(30, 90)).not.toBe(hellos[1]?.slice(30, 90));
    }
  });

  it("no default configuration knows the test suite (R-SUITE-12)", () => {
    expect(() => new Initiator(pair({ initiator: { suites: [0xfe01] } }).initiator)).toThrow(DidshakeError);
    expect(() => new Responder(pair({ responder: { suites: [1, 0xfe01] } }).responder)).toThrow(DidshakeError);
  });

  it("binding, prologue and origin must agree", async () => {
    const other = pair({ responder: { prologue: utf8("other") } });
    expect(await codeOf(() => handshake(other))).toBe("sealed_part_not_opened");
    const relay = pair({ binding: HTTP, responder: { prologue: utf8("https://evil.example") } });
    expect(await codeOf(() => handshake(relay))).toBe("sealed_part_not_opened");
    const binding = pair({ binding: HTTP, responder: { binding: WEBSOCKET } });
    expect(await codeOf(() => handshake(binding))).toBe("sealed_part_not_opened");
  });
});

describe("who is meant", () => {
  it("an initiator that does not say whom it means does not start", async () => {
    const { initiator } = pair();
    for (const meant of [undefined, null, { any: true }]) {
      expect(await codeOf(() => new Initiator({ ...initiator, meant: meant as never }))).toBe("caller");
    }
    const recipient = { ...initiator, meant: { methods: ["key"] }, recipient: true };
    expect(await codeOf(() => new Initiator(recipient))).toBe("caller");
  });

  it("a policy that throws, a signer that fails and a burn store that is gone are denied, and show nothing", async () => {
    const boom = (): never => {
      throw new Error("secret detail");
    };
    const cases: [Parameters<typeof pair>[0], number][] = [
      [{ initiator: { policy: boom } }, 49],
      [{ responder: { policy: boom } }, 49],
      [{ responder: { burn: { burn: boom } } }, 49],
      [{ responder: { admit: { admit: boom } } }, 49],
      [{ responder: { random: boom } }, 80],
    ];
    for (const [options, alert] of cases) {
      const fault = await handshake(pair(options)).catch((error: unknown) => error as DidshakeError);
      expect(fault).toMatchObject({ code: "own_failure", alert, answer: [Uint8Array.of(15, alert)] });
      expect(inspect(fault)).not.toContain("secret detail");
    }
  });

  it("nobody is resolved before admission (R-CHECK-4)", async () => {
    let asked = 0;
    const resolver = { methods: ["web"], resolve: async () => (asked++, { kind: "failed" as const }) };
    const signer = SoftwareSigner.fromSecret(1, new Uint8Array(32).fill(7));
    const web = { did: "did:web:a.example", fragment: "k", signer };
    const refused = pair({ identities: [web, newIdentity(1)], responder: { resolvers: [resolver], admit: { methods: ["key"] } } });
    expect(await codeOf(() => handshake(refused))).toBe("not_admitted");
    expect(asked).toBe(0);
    const failed = pair({ identities: [web, newIdentity(1)], responder: { resolvers: [resolver] } });
    expect(await codeOf(() => handshake(failed))).toBe("did_resolution_failed");
    expect(asked).toBe(1);
  });

  it("a reflection is refused", async () => {
    const identity = newIdentity(1);
    expect(await codeOf(() => handshake(pair({ identities: [identity, identity] })))).toBe("own_did");
  });

  it("a signer of another key than the DID's is a fault of the caller", async () => {
    const { initiator } = pair();
    const identity = { ...newIdentity(1), signer: newIdentity(1).signer };
    expect(await codeOf(() => new Initiator({ ...initiator, identity }))).toBe("caller");
  });
});

describe("states", () => {
  it("each is used once", async () => {
    const sides = pair();
    const initiator = new Initiator(sides.initiator);
    const hello = initiator.start();
    expect(await codeOf(() => initiator.start())).toBe("state_used");
    const wait = new Responder(sides.responder).waitHello();
    const reply = await wait.receive(hello.message);
    expect(await codeOf(() => wait.receive(hello.message))).toBe("state_used");
    if (reply.kind !== "reply") throw new Error("a Retry");
    const finish = await hello.next.receive(reply.message);
    expect(await codeOf(() => hello.next.receive(reply.message))).toBe("state_used");
    if (finish.kind !== "finish") throw new Error("a Retry");
    const accept = await reply.next.receive(finish.message);
    expect(await codeOf(() => reply.next.receive(finish.message))).toBe("state_used");
    finish.next.receive(accept.message);
    expect(await codeOf(() => (finish.next as { receive(m: Uint8Array): unknown }).receive(accept.message))).toBe("state_used");
  });

  it("a failure consumes the state too", async () => {
    const wait = new Responder(pair().responder).waitHello();
    expect(await codeOf(() => wait.receive(new Uint8Array()))).toBe("message_truncated");
    expect(await codeOf(() => wait.receive(new Uint8Array()))).toBe("state_used");
  });

  it("a Finish that comes 60 s late is refused in memory too", async () => {
    let now = NOW;
    const sides = pair({ responder: { clock: () => now } });
    expect(await codeOf(() => handshake(sides, (name, message) => {
      if (name === "finish") now += 60;
      return message;
    }))).toBe("waiting_state_expired");
  });

  it("nothing prints a secret", async () => {
    const secret = Uint8Array.from({ length: 32 }, (_, i) => 0x41 + (i % 7));
    const identity = { ...newIdentity(1, "key", SoftwareSigner.fromSecret(1, secret)) };
    const sides = pair({ identities: [identity, newIdentity(1)] });
    const ended = await handshake(sides);
    const hello = new Initiator(sides.initiator).start();
    const shown = [identity.signer, ended.initiator, ended.initiator.exporter, ended.initiator.channel, hello.next];
    const exported = toHex(ended.initiator.exporter.export("x", new Uint8Array(), 32));
    for (const thing of shown) {
      const text = inspect(thing, { depth: 9, showHidden: true }) + JSON.stringify(thing) + String(thing);
      expect(text).not.toContain("65, 66, 67");
      expect(text).not.toContain(toHex(secret));
      expect(text).not.toContain(exported);
    }
    expect(JSON.stringify(identity.signer)).not.toContain("secret");
  });
});

describe("changed messages", () => {
  const names: MessageName[] = ["hello", "retry", "hello2", "reply", "finish", "accept"];
  for (const name of names) {
    it(`no change of ${name} is accepted by both sides`, { timeout: 120_000 }, async () => {
      const random = seeded(names.indexOf(name) + 11);
      const retry = name === "retry" || name === "hello2";
      const known = { registry: TEST_REGISTRY };
      const identities = [newIdentity(1), newIdentity(1)] as [ReturnType<typeof newIdentity>, ReturnType<typeof newIdentity>];
      for (let round = 0; round < 40; round++) {
        const sides = pair(retry
          ? { identities, initiator: { ...known, suites: [1, 0xfe01] }, responder: { ...known, suites: [0xfe01, 1] } }
          : { identities });
        const code = await codeOf(() => handshake(sides, (which, message) => (which === name ? mutate(message, random) : message)));
        expect(code).toMatch(/^[a-z]+_[a-z_]+$/);
        expect(["own_failure", "caller", "state_used"]).not.toContain(code);
      }
    });
  }
});

/** One random change: a bit, a byte, a cut, a tail, a swap of two halves. */
function mutate(message: Uint8Array, random: (below: number) => number): Uint8Array {
  const at = random(message.length);
  const changed = Uint8Array.from(message);
  switch (random(5)) {
    case 0: changed[at] = (changed[at] ?? 0) ^ (1 << random(8)); return changed;
    case 1: changed[at] = ((changed[at] ?? 0) + 1 + random(255)) & 0xff; return changed;
    case 2: return message.slice(0, at);
    case 3: return Uint8Array.from([...message, ...new Uint8Array(1 + random(70)).fill(random(256))]);
    default: {
      const cut = 1 + random(message.length - 1);
      const turned = Uint8Array.from([...message.slice(cut), ...message.slice(0, cut)]);
      return toHex(turned) === toHex(message) ? message.slice(1) : turned;
    }
  }
}
