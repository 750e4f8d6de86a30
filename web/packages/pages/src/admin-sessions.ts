import { endSession, sessionsOf } from "./admin-api.js";
import { adminFailure, head, type Open } from "./admin-parts.js";
import { button, el } from "./dom.js";
import { showFailure } from "./failure-page.js";
import { moment } from "./format.js";
import type { Session } from "./session.js";
import { code, facts, show } from "./view.js";
import { wordsOf } from "./words.js";

/** The newest sessions, or those of a DID. */
export async function showSessions(open: Open, did?: string): Promise<void> {
  const sessions = await sessionsOf(did);
  const again = (): Promise<void> => showSessions(open, did);
  show({
    title: did === undefined ? "The newest sessions" : `Sessions of ${wordsOf(did)}`,
    body: [
      head("sessions", open),
      did !== undefined && el("p", { class: "actions" }, button("All sessions", () => open("sessions"))),
      sessions.length === 0 && el("p", {}, "There are none."),
      el("ul", { class: "cards" }, ...sessions.map((session) => sessionCard(session, open, again))),
    ],
  });
}

function sessionCard({ session_id, did, client, created, expires, last_used, current }: Session, open: Open, again: () => Promise<void>): HTMLElement {
  const where = client ?? "an address that was not recorded";
  const end = button("End", async () => {
    try {
      await endSession(session_id);
      await again();
    } catch (fault) {
      showFailure(adminFailure(fault), () => open("sessions"));
    }
  });
  end.setAttribute("aria-label", `End the session of ${wordsOf(did)} from ${where}, begun ${moment(created)}`);
  return el("li", { class: "card" },
    el("div", { class: "head" }, el("h3", {}, wordsOf(did)), current ? el("p", { class: "badge" }, "This one") : end),
    code(did),
    facts([["From", where], ["Begun", moment(created)], ["Last used", last_used === null ? "not yet" : moment(last_used)], ["Ends", moment(expires)]]));
}
