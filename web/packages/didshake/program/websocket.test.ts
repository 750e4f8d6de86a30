import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RequestKey, signRequest, systemClock, systemRandom } from "../src/index.js";
import { connectWebSocket } from "../src/websocket/index.js";
import { codeOf, newIdentity } from "../test/support/loopback.js";
import { Socketed } from "../test/support/sockets.js";
import { startService, type Service } from "./support/service.js";

let service: Service;
beforeAll(async () => void (service = await startService()));
afterAll(() => service?.stop());

const attempt = (more: object = {}) => connectWebSocket({
  url: `${service.origin.replace("http", "ws")}/didshake`, identity: newIdentity(1), meant: { did: service.did }, WebSocket: Socketed,
  applicationProtocol: "didshake.login/1", clock: systemClock, random: systemRandom, ...more,
});

// R-BIND-3, R-BIND-4, R-BIND-5
describe("a login over a WebSocket at the program's service", () => {
  it("leads to a session that signed requests count in, and is closed in order", async () => {
    const identity = newIdentity(2);
    const channel = await attempt({ identity });
    const { exporter, sessionId, peer } = channel.established;
    expect(peer.did).toBe(service.did);
    const request = { method: "GET", origin: service.origin, path: "/v1/session", query: null, body: new Uint8Array() };
    const headers = signRequest(new RequestKey(exporter), sessionId, request, systemClock(), systemRandom(16));
    const response = await fetch(`${service.origin}/v1/session`, { headers: { ...headers } });
    expect(response.status).toBe(200);
    expect(await response.text()).toContain(identity.did);
    await channel.close();
    expect(await channel.receive()).toBeUndefined();
  });

  it("fails where another is meant, or another origin is taken", async () => {
    expect(await codeOf(() => attempt({ meant: { did: newIdentity(1).did } }))).toBe("not_admitted");
    expect(await codeOf(() => attempt({ applicationProtocol: "didshake.chat/1" }))).toBe("peer_alert");
    expect(await codeOf(() => attempt({ url: `${service.origin.replace("http", "ws")}/elsewhere` }))).toBe("transport");
  });
});
