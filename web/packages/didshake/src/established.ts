import type { Binding, LocalIdentity, VerifiedPeer } from "./config.js";
import { Channel, type Role } from "./channel.js";
import { HTTP } from "./config.js";
import { Exporter, type Fruit } from "./schedule.js";
import type { Suite } from "./suites.js";
import { wipe } from "./bytes.js";

/** What a finished handshake gives: on the initiator after Accept has opened, on the responder after th3 is burned. */
export interface Established {
  readonly role: Role;
  readonly peer: VerifiedPeer;
  /** The own identity that was shown. */
  readonly own: { readonly did: string; readonly fragment: string };
  readonly suite: number;
  readonly applicationProtocol: string;
  /** Seconds from {@link acceptedAt} for which the responder honours a session; 0: nothing outlives the connection. */
  readonly lifetime: number;
  /** Unix seconds: when Accept was sent, or opened. */
  readonly acceptedAt: number;
  /** 16 bytes, a public name: never a credential (R-SCHED-7). */
  readonly sessionId: Uint8Array;
  readonly exporter: Exporter;
  /** Absent over HTTP, which carries no records (15.4). */
  readonly channel?: Channel;
}

/** What both roles know at the end. */
export interface Ending {
  readonly role: Role;
  readonly binding: Binding;
  readonly suite: Suite;
  readonly peer: VerifiedPeer;
  readonly own: Pick<LocalIdentity, "did" | "fragment">;
  readonly applicationProtocol: string;
  readonly lifetime: number;
  readonly acceptedAt: number;
}

/** Gives out what follows from ms; wipes the rest. */
export function establish(fruit: Fruit, ending: Ending): Established {
  const { role, suite, peer, own, applicationProtocol, lifetime, acceptedAt, binding } = ending;
  wipe(fruit.kAccept);
  const result = {
    role, peer, own: { did: own.did, fragment: own.fragment }, suite: suite.number, applicationProtocol, lifetime, acceptedAt,
    sessionId: fruit.sessionId, exporter: new Exporter(fruit.exporter),
  };
  if (binding !== HTTP) return { ...result, channel: new Channel(role, { suite, i2r: fruit.i2r, r2i: fruit.r2i }) };
  wipe(fruit.i2r, fruit.r2i);
  return result;
}
