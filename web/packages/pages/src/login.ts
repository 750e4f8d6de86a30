import "./style.css";
import { authenticate, COOKIE, LoginFailed } from "./authenticate.js";
import { destination } from "./destination.js";
import { button, el } from "./dom.js";
import { failureOf, noClaim, noStorage, noWebCrypto, now } from "./failure.js";
import { showFailure } from "./failure-page.js";
import { moment } from "./format.js";
import { showEvicted, showHome } from "./home.js";
import { Identities, type Identity } from "./identities.js";
import { Pins } from "./pins.js";
import { askService, hasChanged, type Service } from "./service.js";
import { currentSession, type Session } from "./session.js";
import { Steps } from "./steps.js";
import { didCard, fold, section, show, waiting } from "./view.js";
import { Wire } from "./wire.js";
import { wordsOf } from "./words.js";

/** What this browser keeps for the page. */
interface Kept { readonly identities: Identities; readonly pins: Pins }

const target = destination(location.search, location.origin);

async function start(): Promise<void> {
  if (!globalThis.isSecureContext || globalThis.crypto?.subtle === undefined) return showFailure(noWebCrypto(), reload);
  let kept: Kept;
  try {
    kept = { identities: await Identities.open(), pins: await Pins.open() };
  } catch {
    return showFailure(noStorage(), reload);
  }
  try {
    const session = await currentSession();
    if (session !== undefined) return showSignedIn(kept, session);
  } catch (fault) {
    return showFailure(failureOf(fault), start);
  }
  await choose(kept);
}

function reload(): void {
  location.reload();
}

function showSignedIn(kept: Kept, session: Session): void {
  const { did, expires } = session;
  const name = kept.identities.of(did)?.name;
  show({
    title: "You are logged in",
    body: [
      el("p", { class: "who" }, el("strong", {}, name ?? "A key that is not on this device")),
      didCard({ did, words: wordsOf(did) }, "your DID"),
      el("p", {}, `The session lasts until ${moment(expires)}.`),
      el("p", { class: "actions" },
        el("a", { class: "button primary", href: target.path }, "Continue"),
        button("Use another identity", () => choose(kept, session))),
      el("p", { class: "hint" }, `Continue leads to ${target.path}. This session ends when you log in with another identity.`),
    ],
  });
}

/** Finds out who the service is, and lets the user choose who to be. */
async function choose(kept: Kept, replaced?: Session): Promise<void> {
  const again = (): Promise<void> => choose(kept, replaced);
  const wire = new Wire(COOKIE, () => undefined);
  let service: Service | undefined;
  try {
    service = await askService(kept.pins, wire);
  } catch (fault) {
    return showFailure(failureOf(fault, { answered: wire.last }), again);
  }
  if (service === undefined) return showFailure(noClaim(), again);
  if (hasChanged(service)) return showChanged(kept, service, again);
  const known = service;
  const home = { identities: kept.identities, service: known, onLogin: (identity: Identity) => logIn(kept, known, identity, replaced) };
  return kept.identities.missing.length > 0 ? showEvicted(home) : showHome(home);
}

/** Another identity than the one that this browser remembers. Only the user can accept it. */
function showChanged({ pins }: Kept, service: Service, goOn: () => unknown): void {
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

async function logIn(kept: Kept, service: Service, identity: Identity, replaced?: Session): Promise<void> {
  const steps = new Steps();
  show({ title: `Logging in as ${identity.name}`, body: [steps.node] });
  const wire = new Wire(COOKIE, (message) => steps.saw(message));
  let session: Session;
  try {
    session = await authenticate(identity, service, wire, replaced !== undefined);
  } catch (fault) {
    steps.failed();
    const failure = fault instanceof LoginFailed ? fault.failure : failureOf(fault);
    const own = wire.alert === 49 && wire.proved && section("Your DID", didCard(identity, "your DID"));
    return showFailure(failure, () => choose(kept, replaced), own, fold("What happened until then", steps.node));
  }
  await kept.identities.markUsed(identity, now());
  if (service.pin === undefined) await kept.pins.put(location.origin, { did: service.did, since: now(), how: "first visit" });
  steps.accepted(moment(session.expires));
  // whoever was on the way to somewhere goes on at once; a first login is worth a look
  if (target.asked && service.pin !== undefined) return location.assign(target.path);
  showDone(identity, service, steps);
}

function showDone(identity: Identity, service: Service, steps: Steps): void {
  show({
    title: `You are logged in as ${identity.name}`,
    body: [
      el("p", { class: "actions" }, el("a", { class: "button primary", href: target.path }, "Continue")),
      el("h2", {}, "What happened"),
      el("p", {}, "Four messages went over the wire. Open one to see its bytes."),
      steps.node,
      service.pin === undefined && el("p", { class: "note" },
        "This browser now remembers the identity of the service, and will warn you if it ever changes."),
    ],
  });
}

show(waiting("Log in"));
void start();
