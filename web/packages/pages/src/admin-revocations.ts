import { lift, revocations, revoke, type Revocation } from "./admin-api.js";
import { adminFailure, didFault, head, type Open } from "./admin-parts.js";
import { button, el } from "./dom.js";
import { showFailure } from "./failure-page.js";
import { moment } from "./format.js";
import { form } from "./form.js";
import { code, confirmed, facts, section, show } from "./view.js";
import { wordsOf } from "./words.js";

/** The DIDs that are kept out, whatever the policy says. */
export async function showRevocations(open: Open, { after = null, inList = true }: { after?: string | null; inList?: boolean }): Promise<void> {
  const { revocations: all, next = null } = await revocations(after);
  const list = section("Revoked", all.length === 0 ? el("p", {}, "There are none.") : el("ul", { class: "cards" }, ...all.map((one) => card(one, open))),
    next !== null && el("p", { class: "actions" }, button("More", () => attempt(open, () => showRevocations(open, { after: next })))));
  show({
    title: "Revoked DIDs",
    at: inList ? list : undefined,
    body: [
      head("revocations", open),
      section("Revoke a DID",
        el("p", {}, "Its sessions end at once, and nobody gets in with it until you lift that. The other keys of its account go on to work."),
        form({
          fields: [{ label: "DID", faultOf: didFault }, { label: "Reason", hint: "Optional, for you and the other administrators." }],
          submit: "Revoke it", onSubmit: ([did = "", reason = ""]) => attempt(open, () => revoke(did, reason).then(() => open("revocations", true))),
        })),
      list,
    ],
  });
}

async function attempt(open: Open, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (fault) {
    showFailure(adminFailure(fault), () => open("revocations"));
  }
}

function card({ did, since, reason }: Revocation, open: Open): HTMLElement {
  const words = wordsOf(did);
  return el("li", { class: "card" }, el("h3", {}, words), code(did),
    facts([["Since", moment(since)], ["Reason", reason === null || reason === "" ? "none given" : reason]]),
    confirmed({
      label: "Lift", what: `Lift the revocation of ${words}`, question: `Really let ${words} in again`, keep: "Keep it out",
      action: () => attempt(open, () => lift(did).then(() => open("revocations", true))),
    }));
}
