import "./style.css";
import { authenticate, COOKIE, LoginFailed } from "./authenticate.js";
import { showChanged } from "./changed.js";
import { destination } from "./destination.js";
import { button, el, type Child } from "./dom.js";
import { failureOf, noClaim, noStorage, noWebCrypto, now } from "./failure.js";
import { showFailure } from "./failure-page.js";
import { moment } from "./format.js";
import { showEvicted, showHome, type Home } from "./home.js";
import { Identities, type Identity } from "./identities.js";
import { part } from "./parts.js";
import { Pins } from "./pins.js";
import { takeSecret } from "./secret.js";
import { askService, hasChanged, type Service } from "./service.js";
import { currentSession, Refused, type Session } from "./session.js";
import { Steps } from "./steps.js";
import { begin, didCard, fold, section, show } from "./view.js";
import { Wire } from "./wire.js";
import { wordsOf } from "./words.js";

/** What a login works with. */
interface Attempt {
  readonly identities: Identities;
  readonly pins: Pins;
  /** The session that ends when another one begins. */
  readonly replaced?: Session | undefined;
  /** The secret of the invite that the key is for. */
  readonly invite?: string;
  readonly invited?: Home["invited"];
}

const target = destination(location.search, location.origin);
let secret = takeSecret();

async function start(): Promise<void> {
  try {
    if (secret?.kind === "link") return await comeInByLink(secret.secret);
  } catch (fault) {
    return showFailure(failureOf(fault), start);
  }
  if (!globalThis.isSecureContext || globalThis.crypto?.subtle === undefined) return showFailure(noWebCrypto(), reload);
  let attempt: Attempt;
  try {
    attempt = { identities: await Identities.open(), pins: await Pins.open() };
  } catch {
    return showFailure(noStorage(), reload);
  }
  try {
    const session = await currentSession();
    if (secret !== undefined) return takeInvite({ ...attempt, replaced: session, invite: secret.secret });
    if (session !== undefined) return showSignedIn(attempt, session);
  } catch (fault) {
    return showFailure(failureOf(fault), start);
  }
  await choose(attempt);
}

function reload(): void {
  location.reload();
}

/** The login page as it is without a link's secret. */
function startPlain(): unknown {
  secret = undefined;
  return start();
}

async function comeInByLink(link: string): Promise<void> {
  const { showLink } = await part(import("./link.js"));
  await showLink({ secret: link, path: target.path, session: await currentSession(), onCancel: startPlain });
}

async function takeInvite(attempt: Attempt & { invite: string }): Promise<void> {
  try {
    const { openInvite } = await part(import("./invite.js"));
    await openInvite(attempt.invite, (invited) => choose({ ...attempt, invited }), startPlain);
  } catch (fault) {
    await inviteFailed(fault, attempt);
  }
}

/** An invite that cannot be used, or not with the key that was chosen. */
async function inviteFailed(fault: unknown, attempt: Attempt): Promise<void> {
  const invite = await import("./invite.js").catch(() => undefined);
  const other = fault instanceof Refused && fault.status === 409 && button("Choose another key", () => choose(attempt), "primary");
  showFailure(invite?.inviteFailure(fault) ?? failureOf(fault), start,
    el("p", { class: "actions" }, other, button("Log in without the invite", startPlain)));
}

function showSignedIn(attempt: Attempt, session: Session): void {
  const { did, expires } = session;
  const name = attempt.identities.of(did)?.name;
  show({
    title: "You are logged in",
    body: [
      el("p", { class: "who" }, el("strong", {}, name ?? "A key that is not on this device")),
      didCard({ did, words: wordsOf(did) }, "your DID"),
      el("p", {}, `The session lasts until ${moment(expires)}.`),
      el("p", { class: "actions" },
        el("a", { class: "button primary", href: target.path }, "Continue"),
        button("Use another identity", () => choose({ ...attempt, replaced: session }))),
      el("p", { class: "hint" }, `Continue leads to ${target.path}. This session ends when you log in with another identity.`),
    ],
  });
}

/** Finds out who the service is, and lets the user choose who to be. */
async function choose(attempt: Attempt): Promise<void> {
  const again = (): Promise<void> => choose(attempt);
  const { identities, pins, invited } = attempt;
  const wire = new Wire(COOKIE, () => undefined);
  let service: Service | undefined;
  try {
    service = await askService(pins, wire);
  } catch (fault) {
    return showFailure(failureOf(fault, { answered: wire.last }), again);
  }
  if (service === undefined) return showFailure(noClaim(), again);
  if (hasChanged(service)) return showChanged(pins, service, again);
  const known = service;
  const home: Home = {
    identities, service: known, invited,
    onLogin: (identity) => logIn(attempt, known, identity), onRecover: () => recover(attempt, known),
  };
  return identities.missing.length > 0 ? showEvicted(home) : showHome(home);
}

/** From a recovery code to a key of this browser. */
async function recover(attempt: Attempt, service: Service): Promise<void> {
  const onCancel = (): Promise<void> => choose(attempt);
  try {
    const { showRecover } = await part(import("./ways.js"));
    showRecover({
      identities: attempt.identities, onCancel,
      onKey: (identity, invite) => logIn({ ...attempt, invite }, service, identity),
    });
  } catch (fault) {
    showFailure(failureOf(fault), onCancel);
  }
}

async function logIn(attempt: Attempt, service: Service, identity: Identity): Promise<void> {
  const { identities, pins, replaced, invite } = attempt;
  const steps = new Steps();
  show({ title: `Logging in as ${identity.name}`, body: [steps.node] });
  const wire = new Wire(COOKIE, (message) => steps.saw(message));
  let session: Session;
  try {
    if (invite !== undefined) await (await part(import("./invite.js"))).claimInvite(invite, identity.did);
  } catch (fault) {
    return inviteFailed(fault, attempt);
  }
  try {
    session = await authenticate(identity, service, wire, replaced !== undefined, invite);
  } catch (fault) {
    steps.failed();
    if (invite !== undefined && fault instanceof Refused) return inviteFailed(fault, attempt);
    const failure = fault instanceof LoginFailed ? fault.failure : failureOf(fault);
    const own = wire.alert === 49 && wire.proved && section("Your DID", didCard(identity, "your DID"));
    return showFailure(failure, () => choose(attempt), own, fold("What happened until then", steps.node));
  }
  secret = undefined;
  await identities.markUsed(identity, now());
  // a full disk takes nothing back: the service is as new the next time
  const isKnown = service.pin !== undefined || await pins.put(location.origin, { did: service.did, since: now(), how: "first visit" }).then(() => true, () => false);
  steps.accepted(moment(session.expires));
  const isNew = identity.used === 0;
  // whoever was on the way to somewhere goes on at once; a first login is worth a look
  if (target.asked && service.pin !== undefined && !isNew) return location.assign(target.path);
  showDone(identity, steps, isNew && offer(identity),
    isKnown ? service.pin === undefined && "This browser now remembers the identity of the service, and will warn you if it ever changes."
      : "This browser could not remember the identity of the service, perhaps for want of space: it will be as new the next time.");
}

/** A second way in, where there is only one; it comes when it is known. */
function offer(identity: Identity): Child {
  const place = el("div");
  const goOn = (): void => location.assign(target.path);
  part(import("./ways.js"))
    .then(({ secondWay }) => secondWay({ holder: identity, back: goOn }))
    // without an answer nothing is offered: the account page offers it again
    .then((shown) => shown && place.replaceChildren(shown), () => undefined);
  return place;
}

function showDone(identity: Identity, steps: Steps, more: Child, note: Child): void {
  show({
    title: `You are logged in as ${identity.name}`,
    body: [
      el("p", { class: "actions" }, el("a", { class: "button primary", href: target.path }, "Continue")),
      more,
      el("h2", {}, "What happened"),
      el("p", {}, "Four messages went over the wire. Open one to see its bytes."),
      steps.node,
      note && el("p", { class: "note" }, note),
    ],
  });
}

// a link that is opened where the page is open already changes the fragment alone
addEventListener("hashchange", () => {
  secret = takeSecret() ?? secret;
  if (secret !== undefined) void start();
});
begin("Log in", start);
