import "./style.css";
import { showAccounts } from "./admin-accounts.js";
import { invites, makeInvite, cancelInvite, type AdminInvite, type InviteRequest } from "./admin-api.js";
import { adminFailure, emailFault, groupsFault, groupsOf, head, hoursFault, nameFault, showLink, type Section } from "./admin-parts.js";
import { showRevocations } from "./admin-revocations.js";
import { showSessions } from "./admin-sessions.js";
import { el } from "./dom.js";
import { showFailure } from "./failure-page.js";
import { moment } from "./format.js";
import { form } from "./form.js";
import { Refused } from "./session.js";
import { begin, confirmed, facts, section, show } from "./view.js";

const SECTIONS: Readonly<Record<Section, (inList: boolean) => Promise<void>>> = {
  invites: showInvites, accounts: () => showAccounts(open), sessions: () => showSessions(open), revocations: (inList) => showRevocations(open, { inList }),
};

/** Shows one of the four sections. */
async function open(name: Section, inList = false): Promise<void> {
  try {
    await SECTIONS[name](inList);
  } catch (fault) {
    failed(fault, name);
  }
}

function failed(fault: unknown, name: Section): void {
  const login = fault instanceof Refused && fault.status === 401;
  const way = login ? el("a", { class: "button primary", href: "/login?to=/admin" }, "Log in") : el("a", { class: "button", href: "/account" }, "Your account");
  showFailure(adminFailure(fault), () => open(name), el("p", { class: "actions" }, way));
}

async function showInvites(inList: boolean): Promise<void> {
  const live = await invites();
  const list = section("Invites that nobody has used",
    live.length === 0 ? el("p", {}, "There are none.") : el("ul", { class: "cards" }, ...live.map(inviteCard)));
  show({
    title: "Invites",
    at: inList ? list : undefined,
    body: [
      head("invites", open),
      section("Invite somebody",
        el("p", {}, "An invite is a link that makes one account, once. Send it in a way that nobody else reads."),
        form({
          fields: [
            { label: "Name", hint: "Shown to them and to you; 1 to 64 characters.", faultOf: nameFault },
            { label: "E-mail", hint: "Optional. Nothing is sent there; applications are told of it.", type: "email", faultOf: emailFault },
            { label: "Groups", hint: "Optional, separated by spaces.", faultOf: groupsFault },
            { label: "Hours", hint: "How long the link lasts: 1 to 720.", value: "24", faultOf: hoursFault },
          ],
          submit: "Make an invite",
          onSubmit: ([name = "", email = "", groups = "", hours = ""]) =>
            invite({ name, ...(email !== "" && { email }), groups: groupsOf(groups), hours: Number(hours) }),
        })),
      list,
    ],
  });
}

function inviteCard({ invite_id, kind, name, label, email, groups, made, expires, claimed_by }: AdminInvite): HTMLElement {
  const title = [name, label ?? ""].find((text) => text !== "") ?? "Without a name";
  const cancel = async (): Promise<void> => {
    try {
      await cancelInvite(invite_id);
      await open("invites", true);
    } catch (fault) {
      failed(fault, "invites");
    }
  };
  return el("li", { class: "card" }, el("h3", {}, title),
    facts([
      ["For", kind === "account" ? "a new account" : "a further key"], ["E-mail", email ?? "none"], ["Groups", groups.join(", ") || "none"],
      ["Made", moment(made)], ["Lasts until", moment(expires)], ["Claimed by", claimed_by ?? "nobody yet"],
    ]),
    confirmed({ label: "Cancel", what: `Cancel the invite of ${title}`, question: "Really cancel this invite", keep: "Keep it", action: cancel }));
}

async function invite(request: InviteRequest): Promise<void> {
  try {
    const note = "Whoever opens it first gets the account. If it went to the wrong person, cancel the invite.";
    showLink(`An invite for ${request.name}`, await makeInvite(request), note, () => open("invites"));
  } catch (fault) {
    failed(fault, "invites");
  }
}

begin("Administration", () => open("invites"));
