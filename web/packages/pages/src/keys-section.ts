import type { Account, AccountKey } from "./accounts.js";
import { button, el } from "./dom.js";
import { failureOf } from "./failure.js";
import { showFailure } from "./failure-page.js";
import { day } from "./format.js";
import type { Identity } from "./identities.js";
import { part } from "./parts.js";
import type { Me } from "./second-way.js";
import { didCard, facts, section } from "./view.js";
import type * as Ways from "./ways.js";
import { wordsOf } from "./words.js";

/** What the section works with. */
export interface Keys {
  readonly account: Account | null;
  /** The DID of the session. */
  readonly did: string;
  /** The keys of this browser. */
  readonly here: readonly Identity[];
  readonly back: () => unknown;
}

/** Who the account is, where there is one. */
export function accountSection({ name, email, groups, created }: Account): HTMLElement {
  return section("Account",
    facts([["Name", name === "" ? "none" : name], ["E-mail", email ?? "none"], ["Groups", groups.join(", ") || "none"], ["Since", day(created)]]),
    groups.includes("admin") && el("p", { class: "actions" }, el("a", { class: "button", href: "/admin" }, "Administration")));
}

/** The keys of the account: what opens it, what shall no longer, what else shall. */
export function accountKeysSection(keys: Keys): HTMLElement {
  const { account, did, here, back } = keys;
  const holder = here.find((one) => one.did === did) ?? here.find((one) => account?.keys.some((key) => key.did === one.did));
  const me: Me | undefined = holder && { holder, back };
  const alone = account === null || account.keys.length < 2;
  return section(account === null ? "A second way in" : "Keys of your account",
    account === null ? el("p", {}, "You have no account here, only a key. With a second way in you get one, and both open it.")
      : el("ul", { class: "cards" }, ...account.keys.map((key) => keyCard(keys, key, me))),
    alone && el("p", { class: "note" }, "So far one key lets you in. If it is lost, nobody can bring it back: make a second way in while you can."),
    me === undefined ? el("p", { class: "hint" }, "To add or remove keys, log in with a key of this browser: those that are asked for have to sign.")
      : el("p", { class: "actions" },
        button("Make a recovery code", withWays(back, ({ showNewCode }) => showNewCode(me)), alone ? "primary" : "quiet"),
        button("Add a device", withWays(back, ({ showAddDevice }) => showAddDevice(me)))));
}

function keyCard({ here, back, did }: Keys, key: AccountKey, me: Me | undefined): HTMLElement {
  const mine = here.find((one) => one.did === key.did);
  const name = key.label !== "" ? key.label : mine?.name ?? "A key without a label";
  const isHere = mine !== undefined;
  const removed = { key: { ...key, current: key.did === did }, name, isHere };
  const remove = me && button("Remove", withWays(back, ({ showRemoveKey }) => showRemoveKey(me, removed)));
  remove?.setAttribute("aria-label", `Remove ${name} from your account`);
  return el("li", { class: "card" },
    el("div", { class: "head" }, el("h3", {}, name), key.did === did && el("p", { class: "badge" }, "You now")),
    didCard({ did: key.did, words: wordsOf(key.did) }, `the DID of ${name}`),
    facts([["Since", day(key.added)], ["In this browser", mine?.name ?? "no"]]), remove && el("p", { class: "actions" }, remove));
}

/** What needs the part of the script that makes and removes ways into an account. */
function withWays(back: () => unknown, act: (ways: typeof Ways) => unknown): () => Promise<void> {
  return async () => {
    try {
      act(await part(import("./ways.js")));
    } catch (fault) {
      showFailure(failureOf(fault), back);
    }
  };
}
