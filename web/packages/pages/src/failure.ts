import { DidshakeError, FAULTS } from "../../didshake/src/errors.js";
import { duration, moment } from "./format.js";
import { Refused } from "./session.js";
import type { Answered } from "./wire.js";

/** What went wrong, in words for whoever sits in front of it. */
export interface Failure {
  readonly title: string;
  /** What happened, and what it means. */
  readonly happened: readonly string[];
  /** What can be done. */
  readonly todo: readonly string[];
  /** For support: a code of the specification, or a status. */
  readonly code: string;
  /** Whether trying again can help. */
  readonly again: boolean;
}

/** What is known about the moment of the failure. */
export interface Circumstances {
  readonly answered?: Answered | undefined;
  /** The code of the alert that came. */
  readonly alert?: number | undefined;
  /** Whether the service has proved who it is, so that the browser has shown who the user is. */
  readonly proved?: boolean;
}

/** Unix seconds of this device. */
export const now = (): number => Math.floor(Date.now() / 1000);

/** Finds the page for whatever was thrown. */
export function failureOf(fault: unknown, { answered, alert, proved = false }: Circumstances = {}): Failure {
  // a page of somebody else's where an answer should be
  if (fault instanceof SyntaxError) return unusable(200);
  if (fault instanceof Refused) return ofStatus(fault.status, fault.retryAfter, `status ${fault.status}`);
  if (!(fault instanceof DidshakeError)) return unexpected(fault instanceof Error ? fault.name : "unknown");
  const { code } = fault;
  if (code === "peer_alert") return ofAlert(alert, proved);
  if (code === "transport" && answered !== undefined) return ofStatus(answered.status, answered.retryAfter, code);
  if (code === "transport" || code === "timeout") return away(code);
  if (code === "own_failure") return keyFailed(code);
  if (UNRESOLVED.includes(code)) return unresolved(code);
  if (Object.hasOwn(FAULTS, code)) return proved ? misunderstood(code) : notProved(code);
  return unexpected(code);
}

const UNRESOLVED: readonly string[] = ["did_method_unsupported", "did_not_found", "did_resolution_failed"];

function ofStatus(status: number, retryAfter: string | null, code: string): Failure {
  if (status === 429) return busy(retryAfter);
  if (status === 0 || status >= 500) return away(code, status >= 500 ? status : undefined, retryAfter);
  return unusable(status);
}

/** A clear alert proves nothing: `denied` is believed only where it can be meant, after the service has proved itself. */
function ofAlert(alert: number | undefined, proved: boolean): Failure {
  if (alert === 49 && proved) return denied();
  return alert === 80 ? away("alert 80") : misunderstood(`alert ${alert ?? "unknown"}`);
}

function misunderstood(code: string): Failure {
  return {
    title: "The two sides do not understand each other",
    happened: ["The login ended because one side could not use what the other sent. The page and the service may be of different versions, or something on the way changed a message."],
    todo: ["Load the page again, without the browser's cache (Ctrl or ⌘, Shift and R).", "If it stays so, tell the operator the code below."],
    code, again: true,
  };
}

export function denied(): Failure {
  return {
    title: "The service did not let you in",
    happened: [
      "The service proved who it is, and your browser proved who you are. Then the service refused, and by design it does not say why.",
      "Most likely it does not know you: it may admit only identities that its operator has listed.",
    ],
    todo: ["Send your DID to the operator and ask to be let in. It is no secret.", "If you have another identity that the service knows, use that one."],
    code: "denied (alert 49)", again: true,
  };
}

function notProved(code: string): Failure {
  return {
    title: "This may not be the service it says it is",
    happened: [
      "The other side failed to prove the identity that this site claims. Nothing about you was sent: your browser shows who you are only after the service has proved itself.",
      "Somebody may stand between you and the service, or the service is set up wrongly.",
    ],
    todo: ["Do not enter anything else on this site for now.", "Try from another network.", "Ask the operator over another channel, such as the telephone, and give them the code below."],
    code, again: true,
  };
}

function unresolved(code: string): Failure {
  return {
    title: "The identity of the service cannot be looked up",
    happened: ["To check a proof, your browser needs the service's DID document, and it could not get it. Nothing about you was sent."],
    todo: ["Try again in a few minutes.", "If it stays so, log in with the didshake program, which can look up more kinds of DID, or tell the operator the code below."],
    code, again: true,
  };
}

function away(code: string, status?: number, retryAfter: string | null = null): Failure {
  const wait = waitOf(retryAfter);
  return {
    title: "The service does not answer",
    happened: [
      status === undefined ? "No answer came. Either this device is offline, or the service is."
        : "The service is up, but cannot log anyone in at the moment; it may be in maintenance.",
      "Your key is safe; nothing was changed.",
    ],
    todo: [
      ...(status === undefined ? ["Check that this device is online."] : []),
      wait === undefined ? "Wait a moment, then try again." : `Try again in ${wait}.`,
    ],
    code: status === undefined ? code : `status ${status}`, again: true,
  };
}

function busy(retryAfter: string | null): Failure {
  const wait = waitOf(retryAfter);
  return {
    title: "Too many attempts",
    happened: ["So many logins came from your network address lately that the service makes it wait. Others at the same address count too."],
    todo: [wait === undefined ? "Wait a minute, then try again." : `Try again in ${wait}.`],
    code: "status 429", again: true,
  };
}

/** `Retry-After` in words: seconds, or a date. */
function waitOf(retryAfter: string | null): string | undefined {
  if (retryAfter === null) return undefined;
  const seconds = /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) : Date.parse(retryAfter) / 1000 - now();
  return seconds >= 1 ? duration(seconds) : undefined;
}

function unusable(status: number): Failure {
  return {
    title: "Something else answered in the service's place",
    happened: ["Something answered, but not as a didshake service does. A proxy or a network that asks for a login of its own may stand in between."],
    todo: ["If you are on a hotel's or a train's network, log in there first.", "If it stays so, tell the operator the code below."],
    code: `status ${status}`, again: true,
  };
}

/** The service publishes no claim that can be used. */
export function noClaim(): Failure {
  return {
    title: "The service does not say who it is",
    happened: ["Before a login, a service publishes its DID at /.well-known/didshake. This one does not, or in a form that cannot be used at this address."],
    todo: ["Check the address: the service may be set up for another one.", "If it is right, tell the operator the code below."],
    code: "no claim", again: true,
  };
}

function keyFailed(code: string): Failure {
  return {
    title: "Your browser could not use the key",
    happened: ["The browser refused to make, store or use a key. That can come from a full disk or a setting."],
    todo: ["Free some disk space, or restart the browser, and try again.", "If it stays so, use another browser on this device; it will have a key of its own."],
    code, again: true,
  };
}

function unexpected(code: string): Failure {
  return {
    title: "Something went wrong",
    happened: ["This page did not expect what happened. Your key is safe."],
    todo: ["Load the page again.", "If it stays so, tell the operator the code below."],
    code, again: true,
  };
}

/** Plain http on a network, or a browser without WebCrypto. */
export function noWebCrypto(): Failure {
  const secure = globalThis.isSecureContext;
  return {
    title: secure ? "Your browser cannot make keys" : "This address is not secure enough for a key",
    happened: [secure
      ? "This browser has no WebCrypto, which makes keys that no script can copy."
      : `Browsers make keys only on pages that came over https, or from this very device. This page came over plain http from ${location.host}.`],
    todo: secure
      ? ["Update the browser, or use a current Firefox, Chrome, Edge or Safari."]
      : ["Use the https address of this service.", "If you run the service yourself: give it a certificate (didshake serve --help), or open it on the same device as http://127.0.0.1 with its port."],
    code: secure ? "no WebCrypto" : "no secure context", again: true,
  };
}

/** No IndexedDB: private browsing in some browsers, or site data switched off. */
export function noStorage(): Failure {
  return {
    title: "Your browser keeps nothing for this site",
    happened: ["The key would live in the browser's storage for this site, and the browser does not give any: a private window, or a setting that blocks site data."],
    todo: ["Open this page in an ordinary window.", "Or allow site data for this address in the browser's settings."],
    code: "no IndexedDB", again: true,
  };
}

/** How far this device's clock is from the service's, in seconds, if that is more than signed requests bear. */
export function clockError(date: string | null): number | undefined {
  const theirs = Date.parse(date ?? "") / 1000;
  const difference = now() - theirs;
  return Math.abs(difference) > 60 ? difference : undefined;
}

export function wrongClock(difference: number): Failure {
  const direction = difference > 0 ? "ahead of" : "behind";
  return {
    title: "This device's clock is wrong",
    happened: [
      `It is ${duration(Math.abs(difference))} ${direction} the service's clock. Here it is ${moment(now())}; there it is ${moment(now() - difference)}.`,
      "Every request carries the time, so that nobody can repeat an old one. The service refused this one because its time is off by more than a minute.",
    ],
    todo: ["Set the clock of this device, best by letting it set itself, and check the time zone.", "If your clock is right, the service's is wrong: tell the operator."],
    code: "request_time", again: true,
  };
}

/** The handshake went well, and the service then gave no cookie. */
export function noCookie(status: number, retryAfter: string | null): Failure {
  if (status === 429 || status >= 500) return ofStatus(status, retryAfter, `status ${status}`);
  return {
    title: "The login did not hold",
    happened: ["Both sides proved who they are, but the service did not open a session for this browser."],
    todo: ["Allow cookies for this address: the session is one.", "Try again; if it stays so, tell the operator the code below."],
    code: status === 204 ? "no cookie" : `cookie, status ${status}`, again: true,
  };
}
