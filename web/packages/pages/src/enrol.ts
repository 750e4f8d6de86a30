import { ACCEPT, type Holder } from "./authenticate.js";
import type { Failure } from "./failure.js";
import { claimInvite } from "./invite.js";
import { Refused } from "./session.js";
import { briefly, failureIn, type Signed } from "./signed.js";

/** An invite for a further key of an account. */
export interface KeyInvite {
  readonly secret: string;
  /** Unix seconds. */
  readonly expires: number;
}

export async function inviteKey(signed: Signed, label: string): Promise<KeyInvite> {
  return (await (await signed("POST", "/v1/account/invites", [201], { label })).json()) as KeyInvite;
}

/** Gives the account of one key another one, which proves itself to the service at once. */
export async function enrol(holder: Holder, added: Holder, label: string): Promise<void> {
  const { secret } = await briefly(holder, (signed) => inviteKey(signed, label));
  await claimInvite(secret, added.did);
  await briefly(added, (signed) => signed("POST", ACCEPT, [200], { secret }));
}

/** Why a key could not be added. */
export function enrolFailure(fault: unknown): Failure {
  const status = fault instanceof Refused ? fault.status : 0;
  if (status === 409) {
    return {
      title: "Your account takes no more keys at the moment",
      happened: ["An account has at most 20 keys, and at most five links for new ones at a time. Nothing was changed."],
      todo: ["Wait ten minutes: links that nobody used are over then.", "Or remove keys that you no longer use."],
      code: "account, status 409", again: true,
    };
  }
  if (status === 403) {
    return {
      title: "Your account is switched off",
      happened: ["The operator has disabled this account, so no key can be added to it."],
      todo: ["Ask the operator."], code: "account, status 403", again: false,
    };
  }
  return failureIn(fault);
}
