import { fetchClaim } from "../../didshake/src/discovery.js";
import { DidshakeError } from "../../didshake/src/errors.js";
import { el, type Child } from "./dom.js";
import { day, moment } from "./format.js";
import type { Pin, Pins } from "./pins.js";
import { didCard, section } from "./view.js";
import type { Wire } from "./wire.js";
import { wordsOf } from "./words.js";

/** Who this origin says it is, and who it was before. */
export interface Service {
  readonly did: string;
  readonly words: string;
  readonly endpoint: string;
  readonly pin: Pin | undefined;
}

/**
 * Asks the origin who it is. All of it is a claim until the handshake has proved it.
 * @returns undefined if the origin claims nothing that can be used
 */
export async function askService(pins: Pins, wire: Wire): Promise<Service | undefined> {
  const { origin } = location;
  const claim = await fetchClaim(origin, wire.fetch);
  const status = wire.last?.status ?? 0;
  if (claim === undefined && (status === 429 || status >= 500)) throw new DidshakeError("transport");
  // the page may connect to nowhere else, and the prologue has to be its own origin
  if (claim === undefined || claim.endpoint.origin !== origin) return undefined;
  return { did: claim.did, words: wordsOf(claim.did), endpoint: claim.endpoint.url, pin: await pins.of(origin) };
}

export function hasChanged({ did, pin }: Service): boolean {
  return pin !== undefined && pin.did !== did;
}

/** The service in plain words: its DID, since when it is known, and how. */
export function serviceSection(service: Service): HTMLElement {
  return section("The service", el("p", {}, ...known(service)), didCard(service, "the service's DID"));
}

function known({ words, pin }: Service): Child[] {
  if (pin === undefined) {
    return [
      "You have not been here before: nothing but this site's own web address, ", el("strong", {}, location.host), ", vouches for it. ",
      "From the first login on, this browser remembers its identity and warns you if it changes.",
    ];
  }
  const how = pin.how === "confirmed" ? "when you confirmed it with the operator" : "when you first came here";
  return [
    "This is ", el("strong", {}, words), ", known on this device since ",
    el("time", { datetime: new Date(pin.since * 1000).toISOString(), title: moment(pin.since) }, day(pin.since)), `, ${how}.`,
  ];
}
