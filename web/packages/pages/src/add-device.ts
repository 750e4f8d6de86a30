import { button, el } from "./dom.js";
import { enrolFailure, inviteKey, type KeyInvite } from "./enrol.js";
import { showFailure } from "./failure-page.js";
import { moment } from "./format.js";
import { form } from "./form.js";
import type { Me } from "./second-way.js";
import { unseenFault } from "./identities.js";
import { lookAtInvite, whose, type Invite } from "./invite.js";
import { briefly } from "./signed.js";
import { copyable, section, show, waiting } from "./view.js";

/** From a label to the link that another device opens. */
export function showAddDevice(me: Me, label = ""): void {
  show({
    title: "Add a device",
    body: [
      el("p", {}, "The other device makes a key of its own, which opens the same account. No key leaves the device that made it."),
      form({
        fields: [{ label: "What is the other device?", value: label, hint: "Such as phone, or laptop at work; up to 64 characters. Your account shows it.", faultOf: labelFault }],
        submit: "Make a link", onSubmit: ([text = ""]) => makeLink(me, text), onCancel: me.back,
      }),
    ],
  });
}

export function labelFault(label: string): string | undefined {
  const length = [...label.trim()].length;
  if (length < 1) return "Say which device it is: any word that tells it from the others.";
  return length > 64 ? "This has at most 64 characters." : unseenFault(label);
}

async function makeLink(me: Me, label: string): Promise<void> {
  show(waiting("Making a link"));
  try {
    const invite = await briefly(me.holder, (signed) => inviteKey(signed, label));
    showMade(me, label, invite, await lookAtInvite(invite.secret));
  } catch (fault) {
    showFailure(enrolFailure(fault), () => showAddDevice(me, label), el("p", { class: "actions" }, button("Back", me.back)));
  }
}

function showMade({ back }: Me, label: string, { secret, expires }: KeyInvite, invite: Invite): void {
  show({
    title: `Open this link on ${label}`,
    body: [
      section("The link",
        copyable(`${location.origin}/login#invite=${secret}`, "the link"),
        el("p", { class: "hint" }, `It can be used once, until ${moment(expires)}. It is shown only now.`)),
      section("What the other device shows", el("p", {}, "It asks whether this account is yours. Say yes only if the name, the words and the DID are the same there."), ...whose(invite)),
      el("p", { class: "note" }, "Whoever opens it first gets into your account. Send it only to yourself, in a way that nobody else reads."),
      el("p", { class: "actions" }, button("Done", back, "primary")),
    ],
  });
}
