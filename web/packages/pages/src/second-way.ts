import { myAccount } from "./accounts.js";
import type { Holder } from "./authenticate.js";
import { showAddDevice } from "./add-device.js";
import { button, el } from "./dom.js";
import { showNewCode } from "./new-code.js";
import { section } from "./view.js";

/** Whose account it is, and where to go afterwards. */
export interface Me {
  readonly holder: Holder;
  readonly back: () => unknown;
}

/** The offer of a second way in, for whoever has only one. */
export async function secondWay(me: Me): Promise<HTMLElement | undefined> {
  const account = await myAccount();
  if (account !== null && account.keys.length > 1) return undefined;
  return section("A second way in",
    el("p", {}, "So far one key in one browser lets you in. If it is lost, nobody can bring it back. Make a second way in while you can:"),
    el("ul", {},
      el("li", {}, "a recovery code, to write down or print and keep with your papers;"),
      el("li", {}, "or a key on another device of yours.")),
    el("p", { class: "actions" }, button("Make a recovery code", () => showNewCode(me)), button("Add a device", () => showAddDevice(me))),
    el("p", { class: "hint" }, "You can also do it later, on your account page."));
}
