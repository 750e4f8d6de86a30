import { accounts, changeAccount, makeInvite, removeAccount, type AdminAccount, type Change } from "./admin-api.js";
import { adminFailure, emailFault, groupsFault, groupsOf, head, nameFault, showLink, type Open } from "./admin-parts.js";
import { showSessions } from "./admin-sessions.js";
import { button, el } from "./dom.js";
import { showFailure } from "./failure-page.js";
import { day } from "./format.js";
import { form } from "./form.js";
import { code, confirmed, didCard, facts, section, show } from "./view.js";
import { wordsOf } from "./words.js";

/** The accounts, a hundred at a time. */
export async function showAccounts(open: Open, after: string | null = null): Promise<void> {
  const page = await accounts(after);
  const { next } = page;
  show({
    title: "Accounts",
    body: [
      head("accounts", open),
      page.accounts.length === 0 && el("p", {}, "There are none."),
      el("ul", { class: "cards" }, ...page.accounts.map((account) => accountCard(account, open))),
      next !== null && el("p", { class: "actions" }, button("More accounts", () => attempt(open, () => showAccounts(open, next)))),
    ],
  });
}

function accountCard(account: AdminAccount, open: Open): HTMLElement {
  const { name, disabled, keys } = account;
  const change = button("Change", () => showAccount(account, open));
  change.setAttribute("aria-label", `Change the account of ${nameOf(account)}`);
  return el("li", { class: "card" },
    el("div", { class: "head" }, el("h3", {}, nameOf(account)), disabled && el("p", { class: "badge off" }, "Disabled"), change),
    facts([
      ["E-mail", account.email ?? "none"], ["Groups", account.groups.join(", ") || "none"], ["Since", day(account.created)],
      ["Keys", keys.map(({ did, label }) => (label === "" ? wordsOf(did) : label)).join(", ")],
    ]), name === "" && code(account.subject));
}

function nameOf({ name, subject }: AdminAccount): string {
  return name === "" ? wordsOf(subject) : name;
}

/** Does something, then shows the accounts, or why not. */
async function attempt(open: Open, action: () => Promise<unknown>): Promise<void> {
  try {
    await action();
  } catch (fault) {
    showFailure(adminFailure(fault), () => open("accounts"), el("p", { class: "actions" }, button("Back to the accounts", () => open("accounts"))));
  }
}

function showAccount(account: AdminAccount, open: Open): void {
  const { account_id, name, email, groups, subject, disabled } = account;
  const save = (change: Change): Promise<void> => attempt(open, async () => {
    await changeAccount(account_id, change);
    await open("accounts");
  });
  show({
    title: nameOf(account),
    body: [
      section("The account",
        form({
          fields: [
            { label: "Name", value: name, faultOf: nameFault }, { label: "E-mail", value: email ?? "", type: "email", faultOf: emailFault },
            { label: "Groups", value: groups.join(" "), hint: "Separated by spaces. Sessions that are open get them too.", faultOf: groupsFault },
          ],
          submit: "Save", onCancel: () => open("accounts"),
          onSubmit: ([newName = "", newEmail = "", newGroups = ""]) => save({ name: newName, email: newEmail === "" ? null : newEmail, groups: groupsOf(newGroups) }),
        }),
        el("div", {}, el("p", { class: "hint" }, "What applications know it by:"), code(subject))),
      keysSection(account, open),
      section(disabled ? "Disabled" : "Keep it out",
        el("p", {}, disabled ? "This account is kept out until you let it in again. Removing is for good." : "Disabling ends its sessions at once, and keeps it out until you let it in again. Removing is for good."),
        el("p", { class: "actions" }, disabled ? button("Let it in again", () => save({ disabled: false })) : button("Disable this account", () => save({ disabled: true }))),
        confirmed({
          label: "Remove this account", question: `Really remove ${nameOf(account)} and all its keys for good`, keep: "Keep it",
          action: () => attempt(open, async () => {
            await removeAccount(account_id);
            await open("accounts");
          }),
        })),
    ],
  });
}

function keysSection(account: AdminAccount, open: Open): HTMLElement {
  const { account_id, keys, subject } = account;
  const recover = (): Promise<void> => attempt(open, async () => {
    const note = "Whoever opens it first gets into this account. Be sure who asks before you send it.";
    showLink(`A new key for ${nameOf(account)}`, await makeInvite({ name: "new key", account_id }), note, () => open("accounts"),
      section("What they are asked", el("p", {}, "The page asks whether this account is theirs. Send the name and the words along, in another way than the link if you can."),
        didCard({ did: subject, words: wordsOf(subject) }, "the DID of the account")));
  });
  return section("Its keys",
    el("ul", { class: "cards" }, ...keys.map(({ did, label, added }) => {
      const sessions = button("Sessions", () => attempt(open, () => showSessions(open, did)));
      sessions.setAttribute("aria-label", `Sessions of ${label === "" ? wordsOf(did) : label}`);
      return el("li", { class: "card" }, el("h3", {}, label === "" ? wordsOf(did) : label), code(did),
        facts([["Since", day(added)]]), el("p", { class: "actions" }, sessions));
    })),
    el("p", {}, "If somebody has lost every key, invite a new one to the same account."),
    el("p", { class: "actions" }, button("Invite a further key", recover)));
}
