import "./style.css";
import { myAccount, type Account } from "./accounts.js";
import { button, el, type Child } from "./dom.js";
import { failureOf } from "./failure.js";
import { showFailure } from "./failure-page.js";
import { moment } from "./format.js";
import { Identities, type Identity } from "./identities.js";
import { accountKeysSection, accountSection } from "./keys-section.js";
import { allSessions, currentSession, endAll, endCurrent, endOne, Refused, type Session } from "./session.js";
import { begin, confirmed, didCard, facts, section, show } from "./view.js";
import { wordsOf } from "./words.js";

/** @param worked whether the list of sessions was at work */
async function start(worked = false): Promise<void> {
  const keys = await keysHere();
  try {
    const current = await currentSession();
    if (current === undefined) return showLoggedOut();
    const [sessions, account] = await Promise.all([allSessions(), myAccount()]);
    sessions.sort((a, b) => Number(b.current) - Number(a.current) || b.created - a.created);
    showAccount({ current, sessions, account, keys, worked });
  } catch (fault) {
    failed(fault);
  }
}

function failed(fault: unknown): void {
  if (fault instanceof Refused && fault.status === 401) return showLoggedOut();
  showFailure(failureOf(fault), () => start());
}

/** The keys of this browser; none where it has no storage, which the login page explains. */
async function keysHere(): Promise<readonly Identity[]> {
  try {
    return (await Identities.open()).all;
  } catch {
    return [];
  }
}

function showLoggedOut(): void {
  show({
    title: "You are not logged in",
    body: [
      el("p", {}, "Log in to see your account. If you were logged in here, the session has ended."),
      el("p", { class: "actions" }, el("a", { class: "button primary", href: "/login?to=/account" }, "Log in")),
    ],
  });
}

/** Does something at the service, then shows what is the case. */
async function attempt(action: () => Promise<void>): Promise<void> {
  try {
    await action();
    await start(true);
  } catch (fault) {
    failed(fault);
  }
}

interface Shown {
  readonly current: Session;
  readonly sessions: readonly Session[];
  readonly account: Account | null;
  readonly keys: readonly Identity[];
  readonly worked: boolean;
}

function showAccount({ current, sessions, account, keys, worked }: Shown): void {
  const { did, algorithm, verification_method, expires, service } = current;
  const name = keys.find((key) => key.did === did)?.name;
  const list = sessionsSection(sessions, keys);
  show({
    title: "Your account",
    at: worked ? list : undefined,
    body: [
      section("You",
        name !== undefined && el("p", { class: "who" }, el("strong", {}, name)),
        didCard({ did, words: wordsOf(did) }, "your DID"),
        facts([["Key", keyName(verification_method, did)], ["Algorithm", algorithm], ["This session", `until ${moment(expires)}`], ["At", location.host]]),
        el("p", { class: "actions" }, button("Log out", () => attempt(endCurrent), "primary"))),
      account !== null && accountSection(account),
      accountKeysSection({ account, did, here: keys, back: () => start() }),
      list,
      account === null ? keysSection("Your keys on this device", keys, did)
        : keysSection("Other keys on this device", keys.filter((key) => account.keys.every((one) => one.did !== key.did)), did),
      section("The service", didCard({ did: service.did, words: wordsOf(service.did) }, "the service's DID")),
    ],
  });
}

/** A verification method without the DID before it: did:key and did:jwk have only the one. */
function keyName(method: string, did: string): string {
  const fragment = method.startsWith(`${did}#`) ? method.slice(did.length) : method;
  return did.startsWith("did:key:") || did.startsWith("did:jwk:") ? "the one that the DID holds" : fragment;
}

function sessionsSection(sessions: readonly Session[], keys: readonly Identity[]): HTMLElement {
  const others = sessions.filter(({ current }) => !current);
  return section("Your sessions",
    el("p", {}, "Every place where you are logged in to this service. End one that you do not know."),
    el("ul", { class: "cards" }, ...sessions.map((session) => sessionCard(session, keys))),
    others.length > 0 && confirmed({
      label: "End all others", question: "Really end all other sessions", keep: "Keep them", action: () => attempt(async () => {
        for (const { session_id } of others) await endOne(session_id);
      }),
    }),
    confirmed({ label: "End all, this one too", question: "Really end all sessions and log out here", keep: "Keep them", action: () => attempt(endAll) }));
}

function sessionCard({ session_id, did, client, created, expires, last_used, current, algorithm }: Session, keys: readonly Identity[]): HTMLElement {
  const where = client ?? "an address that was not recorded";
  const key = keys.find((one) => one.did === did)?.name ?? "not on this device";
  const end: Child = current ? el("p", { class: "badge" }, "This one") : button("End", () => attempt(() => endOne(session_id)));
  if (end instanceof HTMLButtonElement) end.setAttribute("aria-label", `End the session from ${where}, begun ${moment(created)}`);
  return el("li", { class: "card" },
    el("div", { class: "head" }, el("h3", {}, `From ${where}`), end),
    facts([
      ["Begun", moment(created)], ["Last used", last_used === null ? "not yet" : moment(last_used)], ["Ends", moment(expires)],
      ["Key", `${key} (${algorithm})`],
    ]));
}

/** The keys of this browser that are none of the account's. */
function keysSection(title: string, keys: readonly Identity[], did: string): Child {
  return keys.length > 0 && section(title,
    el("p", {}, "To rename or remove one, or to make another, go to ", el("a", { href: "/login" }, "the login page"), "."),
    el("ul", { class: "cards" }, ...keys.map((key) => el("li", { class: "card" },
      el("div", { class: "head" }, el("h3", {}, key.name), key.did === did && el("p", { class: "badge" }, "You now")),
      didCard(key, `the DID of ${key.name}`)))));
}

begin("Your account", () => start());
