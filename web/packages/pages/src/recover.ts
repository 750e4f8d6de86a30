import { accountIn, type Account } from "./accounts.js";
import { LoginFailed } from "./authenticate.js";
import { button, el } from "./dom.js";
import { enrolFailure, inviteKey } from "./enrol.js";
import { denied, type Failure } from "./failure.js";
import { showFailure } from "./failure-page.js";
import { form } from "./form.js";
import type { Identities, Identity } from "./identities.js";
import { nameForm } from "./name-form.js";
import { CodeFault, readCode, recoveryKey } from "./recovery-code.js";
import { briefly, failureIn } from "./signed.js";
import { show, waiting } from "./view.js";

/** What comes of a recovery code: a key of this browser, and the secret of the invite that makes it a key of the account. */
export interface Recovery {
  readonly identities: Identities;
  readonly onKey: (identity: Identity, invite: string) => unknown;
  readonly onCancel: () => unknown;
}

/** Asks for the code. Nothing is sent before its check characters are right. */
export function showRecover(recovery: Recovery): void {
  show({
    title: "Log in with a recovery code",
    body: [
      el("p", {}, "The code becomes a key in this page, which proves who you are. The code itself is not sent and not kept."),
      form({
        fields: [{ label: "Your recovery code", hint: "Nine groups of four. Small letters, spaces and hyphens do not matter.", faultOf: codeFault }],
        submit: "Go on", onCancel: recovery.onCancel, onSubmit: ([text = ""]) => tryCode(recovery, readCode(text)),
      }),
    ],
  });
}

function codeFault(text: string): string | undefined {
  try {
    readCode(text).fill(0);
  } catch (fault) {
    if (fault instanceof CodeFault) return fault.message;
    throw fault;
  }
  return undefined;
}

async function tryCode(recovery: Recovery, code: Uint8Array): Promise<void> {
  show(waiting("Trying the recovery code"));
  const key = recoveryKey(code);
  try {
    const account = await briefly(key, async (signed) => accountIn(await signed("GET", "/v1/account", [200])));
    if (account === null) return failed(recovery, noAccount());
    askName(recovery, code, account);
  } catch (fault) {
    const refused = fault instanceof LoginFailed && fault.failure.code === denied().code;
    failed(recovery, refused ? noAccount() : failureIn(fault));
  } finally {
    key.signer.wipe();
  }
}

function askName(recovery: Recovery, code: Uint8Array, { name }: Account): void {
  const { identities } = recovery;
  show({
    title: name === "" ? "The recovery code is right" : `Welcome back, ${name}`,
    body: [
      el("p", {}, "Now make a key on this device, so that you do not need the code the next time. It becomes a key of your account."),
      nameForm({
        label: "What shall it be called?", submit: "Create a key on this device", seen: "Your account shows it.", taken: identities.names, onCancel: recovery.onCancel,
        onName: (chosen) => addKey(recovery, code, chosen),
      }),
      el("p", { class: "note" }, "The code goes on to work. If a device was lost or stolen, remove its key on your account page afterwards."),
    ],
  });
}

/** The invite first: a key that the account has no room for is not made. */
async function addKey(recovery: Recovery, code: Uint8Array, name: string): Promise<void> {
  show(waiting("Adding a key to your account"));
  const key = recoveryKey(code);
  try {
    const { secret } = await briefly(key, (signed) => inviteKey(signed, name));
    const identity = await recovery.identities.create(name);
    await navigator.storage?.persist?.();
    code.fill(0);
    await recovery.onKey(identity, secret);
  } catch (fault) {
    failed(recovery, enrolFailure(fault));
  } finally {
    key.signer.wipe();
  }
}

function failed(recovery: Recovery, failure: Failure): void {
  showFailure(failure, () => showRecover(recovery), el("p", { class: "actions" }, button("Back", recovery.onCancel)));
}

function noAccount(): Failure {
  return {
    title: "This recovery code opens no account here",
    happened: ["The code is well-formed, but the service knows no account that it belongs to. It may be of another service, or was removed from its account."],
    todo: ["Look for the address on the paper: a code belongs to one service.", "Ask the operator for an invite to your account."],
    code: "recovery code unknown", again: true,
  };
}
