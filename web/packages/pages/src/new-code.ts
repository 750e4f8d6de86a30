import { systemRandom } from "../../didshake/src/config.js";
import { button, el } from "./dom.js";
import { enrol, enrolFailure } from "./enrol.js";
import { showFailure } from "./failure-page.js";
import { form, type Field } from "./form.js";
import { CODE_BYTES, plainCode, recoveryKey, writeCode } from "./recovery-code.js";
import type { Me } from "./second-way.js";
import { copyButton, show, waiting } from "./view.js";

/** A new code, which counts only when its owner has shown that it is kept. */
export function showNewCode(me: Me): void {
  const bytes = systemRandom(CODE_BYTES);
  showCode(me, bytes, askedGroups());
}

function showCode(me: Me, bytes: Uint8Array, asked: readonly number[]): void {
  const groups = writeCode(bytes);
  show({
    title: "Your recovery code",
    body: [
      el("p", {}, "Write it down or print it, and keep it where you keep papers that matter. With it you get back into your account when every device is lost."),
      el("ol", { class: "groups", "aria-label": "The nine groups of the code" }, ...groups.map((group) => el("li", {}, el("code", {}, group)))),
      el("p", { class: "actions unprinted" }, copyButton(groups.join(" "), "the code"), button("Print", () => print())),
      el("p", { class: "note" }, `Whoever has this code gets into your account at ${location.host}. It is shown only now, and kept nowhere: not here, and not at the service.`),
      el("p", { class: "actions unprinted" }, button("I have kept it", () => showCheck(me, bytes, asked), "primary"), button("Not now", me.back)),
    ],
  });
}

/** Two different groups of the nine, by their numbers from 0. */
function askedGroups(): number[] {
  const [a = 0, b = 0] = systemRandom(2);
  const first = a % 9;
  return [first, (first + 1 + (b % 8)) % 9].sort((one, other) => one - other);
}

function showCheck(me: Me, bytes: Uint8Array, asked: readonly number[]): void {
  const groups = writeCode(bytes);
  const fields = asked.map((at): Field => ({
    label: `Group ${at + 1}`, hint: "Four letters and digits.",
    faultOf: (text) => (plainCode(text.slice(0, 40)) === groups[at] ? undefined : `This is not group ${at + 1}. Look at what you kept.`),
  }));
  show({
    title: "Is it kept?",
    body: [
      el("p", {}, "Type these two groups from what you wrote down or printed. Then the code is added to your account."),
      form({ fields, submit: "Add the code to my account", onSubmit: () => addCode(me, bytes) }),
      el("p", { class: "actions" }, button("Show the code again", () => showCode(me, bytes, asked)), button("Not now", me.back)),
    ],
  });
}

async function addCode(me: Me, bytes: Uint8Array): Promise<void> {
  show(waiting("Adding the recovery code"));
  const { did, signer } = recoveryKey(bytes);
  try {
    await enrol(me.holder, { did, signer }, "recovery code");
  } catch (fault) {
    return showFailure(enrolFailure(fault), () => addCode(me, bytes), el("p", { class: "actions" }, button("Back", me.back)));
  } finally {
    signer.wipe();
  }
  bytes.fill(0);
  show({
    title: "Your recovery code works",
    body: [
      el("p", {}, "The service has seen a proof with its key, and will let you in with it. If you need it: the login page has a button for it."),
      el("p", {}, "Should somebody else see the code, remove it on your account page, and make another."),
      el("p", { class: "actions" }, button("Continue", me.back, "primary")),
    ],
  });
}
