import { button, el } from "./dom.js";
import { now } from "./failure.js";
import { moment } from "./format.js";
import type { Pins } from "./pins.js";
import type { Service } from "./service.js";
import { didCard, fold, section, show } from "./view.js";
import { wordsOf } from "./words.js";

/** Another identity than the one that this browser remembers. Only the user can accept it. */
export function showChanged(pins: Pins, service: Service, goOn: () => unknown): void {
  const { did, words, pin } = service;
  if (pin === undefined) return;
  const trust = async (): Promise<void> => {
    await pins.put(location.origin, { did, since: now(), how: "confirmed" });
    goOn();
  };
  show({
    title: "The identity of this service has changed",
    body: [
      el("p", {}, `This is not the identity that ${location.host} had before. Nothing was sent; the login stops here until you decide.`),
      section(`Known since ${moment(pin.since)}`, didCard({ did: pin.did, words: wordsOf(pin.did) }, "the DID that was known")),
      section("What it says now", didCard({ did, words }, "the new DID")),
      section("Why this can be",
        el("ul", {},
          el("li", {}, "The operator set the service up anew, or gave it a new key."),
          el("li", {}, "Somebody else has taken over this web address, or stands between you and the service."))),
      section("What you can do",
        el("p", {}, "Ask the operator over another channel, such as the telephone, and compare the whole new DID, not only its four words."),
        fold("I have asked the operator",
          el("p", {}, "If the new DID is right, this browser will know the service by it from now on. The old one is forgotten."),
          el("p", { class: "actions" }, button("I checked with the operator; trust the new identity", trust, "danger")))),
      el("p", { class: "code" }, "For support: ", el("code", {}, "pin mismatch")),
    ],
  });
}
