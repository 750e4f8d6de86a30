import type { AccountKey } from "./accounts.js";
import { button, el } from "./dom.js";
import type { Failure } from "./failure.js";
import { showFailure } from "./failure-page.js";
import type { Me } from "./second-way.js";
import { Refused } from "./session.js";
import { briefly, failureIn } from "./signed.js";
import { didCard, show, waiting } from "./view.js";
import { wordsOf } from "./words.js";

/** A key of the account that is to go, as its owner knows it. */
export interface Removed {
  readonly key: AccountKey;
  readonly name: string;
  readonly isHere: boolean;
}

export function showRemoveKey(me: Me, { key, name, isHere }: Removed): void {
  const { did, current } = key;
  show({
    title: `Remove ${name} from your account?`,
    body: [
      el("p", {}, el("strong", {}, "It can never be used here again."), " The service refuses this key from then on, whoever has it. Only an administrator can undo that."),
      el("ul", {},
        el("li", {}, "Every session that was begun with it ends at once."),
        current === true && el("li", {}, "You are logged in with it now, so you will be logged out."),
        isHere && el("li", {}, "It stays in this browser, of no use; remove it on the login page as well.")),
      didCard({ did, words: wordsOf(did) }, "its DID"),
      el("p", { class: "actions" },
        button("Keep it", me.back, "primary"), button(`Remove ${name} for good`, () => remove(me, { key, name, isHere }), "danger")),
    ],
  });
}

/** A cookie is not enough for this: one of the account's keys has to sign. */
async function remove(me: Me, removed: Removed): Promise<void> {
  show(waiting(`Removing ${removed.name}`));
  try {
    await briefly(me.holder, (signed) => signed("DELETE", `/v1/account/keys/${encodeURIComponent(removed.key.did)}`, [204]));
  } catch (fault) {
    const last = fault instanceof Refused && fault.status === 409;
    return showFailure(last ? theLast() : failureIn(fault), me.back, el("p", { class: "actions" }, button("Back to your account", me.back)));
  }
  me.back();
}

function theLast(): Failure {
  return {
    title: "This is the last key of your account",
    happened: ["Without it nobody could get into the account again, not even you. So the service keeps it. Nothing was changed."],
    todo: ["Add a device or make a recovery code first, then remove this key.", "To give up the account as a whole, ask the operator."],
    code: "last key, status 409", again: false,
  };
}
