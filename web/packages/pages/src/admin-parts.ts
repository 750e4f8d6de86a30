import type { NewInvite } from "./admin-api.js";
import { button, el, type Child } from "./dom.js";
import { failureOf, type Failure } from "./failure.js";
import { moment } from "./format.js";
import { unseenFault } from "./identities.js";
import { Refused } from "./session.js";
import { copyable, section, show } from "./view.js";

/** What the administration is about. */
export type Section = "invites" | "accounts" | "sessions" | "revocations";

/** Shows a section; where its list was at work, it begins there. */
export type Open = (name: Section, inList?: boolean) => Promise<void>;

const TITLES: Readonly<Record<Section, string>> = { invites: "Invites", accounts: "Accounts", sessions: "Sessions", revocations: "Revoked DIDs" };

/** The way to the other sections. */
export function head(current: Section, open: Open): HTMLElement {
  return el("p", { class: "actions tabs" }, ...Object.entries(TITLES).map(([name, title]) => {
    const tab = button(title, () => open(name as Section));
    if (name === current) tab.setAttribute("aria-current", "true");
    return tab;
  }));
}

/** Shows a new link, this once. */
export function showLink(title: string, { link, expires }: NewInvite, note: string, onDone: () => unknown, ...more: Child[]): void {
  show({
    title,
    body: [
      section("The link", copyable(link, "the link"), el("p", { class: "hint" }, `It can be used once, until ${moment(expires)}. It is shown only now.`)),
      ...more,
      el("p", { class: "note" }, note),
      el("p", { class: "actions" }, button("Done", onDone, "primary")),
    ],
  });
}

/** The page for whatever the service refused. */
export function adminFailure(fault: unknown): Failure {
  const status = fault instanceof Refused ? fault.status : 0;
  const code = `admin, status ${status}`;
  if (status === 401) {
    return { title: "You are not logged in", happened: ["Your session has ended, or there was none."], todo: ["Log in, then come back to this page."], code, again: false };
  }
  if (status === 403) {
    return {
      title: "This page is for members of the group admin",
      happened: ["You are logged in, but your account is not in that group."],
      todo: ["Log in with another identity, if you have one that is.", "Ask somebody who is in the group to add you."], code, again: false,
    };
  }
  if (status === 409) {
    return {
      title: "Somebody has to stay in the group admin",
      happened: ["This would leave no account that may use this page. Nothing was changed."],
      todo: ["Put another account into the group admin first."], code, again: false,
    };
  }
  if (status === 404) {
    return { title: "This is no longer there", happened: ["Somebody else may have removed it meanwhile."], todo: ["Look at the list again."], code, again: true };
  }
  if (status === 400) {
    return { title: "The service does not take this", happened: ["A name, group or DID is not as it has to be. Nothing was changed."], todo: ["Look at what you typed, and try again."], code, again: true };
  }
  return failureOf(fault);
}

export function nameFault(name: string): string | undefined {
  const length = [...name.trim()].length;
  return length >= 1 && length <= 64 ? unseenFault(name) : "A name has 1 to 64 characters.";
}

export function emailFault(email: string): string | undefined {
  return email.trim() === "" || /^[^\s@]+@[^\s@]+$/.test(email.trim()) ? undefined : "This is no e-mail address.";
}

export function groupsFault(groups: string): string | undefined {
  const wrong = groupsOf(groups).find((group) => !/^[A-Za-z0-9._-]{1,64}$/.test(group));
  return wrong === undefined ? undefined : `“${wrong}” is no group: letters, digits, dots, hyphens and underscores, at most 64.`;
}

export function groupsOf(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter((group) => group !== ""))];
}

export function hoursFault(hours: string): string | undefined {
  return /^\d{1,3}$/.test(hours.trim()) && Number(hours) >= 1 && Number(hours) <= 720 ? undefined : "A whole number from 1 to 720.";
}

export function didFault(did: string): string | undefined {
  return /^did:[a-z0-9]+:\S+$/.test(did.trim()) ? undefined : "A DID begins with did: and the name of its method.";
}
