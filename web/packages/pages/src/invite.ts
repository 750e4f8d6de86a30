import { button, el, type Child } from "./dom.js";
import { failureOf, type Failure } from "./failure.js";
import { moment } from "./format.js";
import { ask, Refused } from "./session.js";
import { didCard, section, show } from "./view.js";
import { wordsOf } from "./words.js";

/** What an invite is for, as the service tells whoever has its secret. */
export interface Invite {
  readonly kind: "account" | "key";
  readonly name: string;
  readonly groups: readonly string[];
  readonly label: string | null;
  /** The first DID of the account that gets a further key; null where the account is yet to be made. */
  readonly subject: string | null;
  /** Unix seconds. */
  readonly expires: number;
}

/** Looks at an invite, which does not use it up. Errors: {@link Refused}, 404 unknown, 410 used up or over. */
export async function lookAtInvite(secret: string): Promise<Invite> {
  return (await (await ask("POST", "/v1/invites/look", [200], { secret })).json()) as Invite;
}

/** Says which DID will accept an invite, in the next minutes: the service then lets it in. Errors: as of {@link lookAtInvite}, and 409. */
export async function claimInvite(secret: string, did: string): Promise<void> {
  await ask("POST", "/v1/invites/claim", [200], { secret, did });
}

/** Why a key is asked for, in words for whoever was invited. */
export interface Invited {
  readonly title: string;
  readonly intro: readonly Child[];
}

/** Goes on with an invite; where it leads to somebody's account, only once the visitor says that the account is theirs. */
export async function openInvite(secret: string, onInvited: (invited: Invited) => unknown, onRefused: () => unknown): Promise<void> {
  const invite = await lookAtInvite(secret);
  const goOn = (): unknown => onInvited(introduce(invite));
  return invite.kind === "account" ? void goOn() : askWhose(invite, goOn, onRefused);
}

function askWhose(invite: Invite, onYes: () => unknown, onNo: () => unknown): void {
  show({
    title: "Is this account yours?",
    body: [
      el("p", {}, `This link adds a key of this device to an account that is at ${location.host} already:`),
      section("The account", ...whose(invite)),
      el("p", { class: "note warning" }, el("strong", {}, "Go on only if it is yours."),
        " Whoever has a key of this account then counts as you here, and you as them: they can do what you can, see what you did, and take your key out again."),
      el("p", {}, "If you made the link yourself, the page that showed it names the same account. If somebody sent it to you, ask them before you go on."),
      el("p", { class: "actions" }, button("No, it is not mine", onNo), button("Yes, it is mine", onYes)),
    ],
  });
}

/** Whose account a key is added to. */
export function whose({ name, subject }: Pick<Invite, "name" | "subject">): Child[] {
  return [
    el("p", { class: "who" }, el("strong", {}, name === "" ? "An account without a name" : name)),
    subject !== null && didCard({ did: subject, words: wordsOf(subject) }, "the DID of the account"),
  ];
}

function introduce({ kind, name, groups, label, expires }: Invite): Invited {
  const until = el("p", { class: "hint" }, `The invite can be used once, until ${moment(expires)}.`);
  if (kind === "account") {
    const title = name === "" ? `You are invited to ${location.host}` : `You are invited to ${location.host} as ${name}`;
    return {
      title,
      intro: [
        el("p", {}, "Choose the key that will be yours here, or create one. The account is made when you log in with it, and belongs to this key from then on."),
        groups.length > 0 && el("p", {}, `It will be in ${groups.length === 1 ? "the group" : "the groups"} ${groups.join(", ")}.`), until,
      ],
    };
  }
  return {
    title: name === "" ? "Add this device to your account" : `Add this device to ${name}'s account`,
    intro: [
      el("p", {}, "Create a key on this device, or choose one. It will open the same account as the keys that are there already",
        label !== null && label !== "" && [", under the label ", label].join(""), "."),
      until,
    ],
  };
}

/** The page for an invite that cannot be used. */
export function inviteFailure(fault: unknown): Failure {
  const status = fault instanceof Refused ? fault.status : 0;
  if (status === 404 || status === 400 || status === 413) return unknown(status);
  if (status === 410) return over();
  return status === 409 ? taken() : failureOf(fault);
}

const ASK_AGAIN = "Ask whoever invited you for a new one. If you made it yourself, make another on your account page.";

function unknown(status: number): Failure {
  return {
    title: "This invite is not known here",
    happened: ["The service has no such invite. Most likely the link was cut off or changed on its way to you, or it was taken back.", "Nothing was changed."],
    todo: ["Copy the whole link again: after the equals sign there are 43 characters.", ASK_AGAIN],
    code: `invite, status ${status}`, again: false,
  };
}

function over(): Failure {
  return {
    title: "This invite is used up or over",
    happened: ["An invite can be used once, and only for a time. This one was used already, or its time has passed."],
    todo: ["If you used it yourself, just log in with the key that you chose then.", ASK_AGAIN,
      "If you never used it, tell whoever invited you: somebody else may have seen the link."],
    code: "invite, status 410", again: false,
  };
}

function taken(): Failure {
  return {
    title: "This key cannot take the invite",
    happened: ["A key opens one account. This one has an account here already, or was removed from one for good; or the invite was opened with another key meanwhile.", "Nothing was changed."],
    todo: ["If the account is yours, log in with the key as usual.", "For another account, choose another key, or create one for it."],
    code: "claim, status 409", again: false,
  };
}
