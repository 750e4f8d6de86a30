import { expect, test } from "vitest";
import { DidshakeError, FAULTS, type ErrorCode } from "../../didshake/src/errors.js";
import { clockError, failureOf, now } from "../src/failure.js";
import { Refused } from "../src/session.js";

const title = (code: ErrorCode, more = {}) => failureOf(new DidshakeError(code), more).title;

test("every code of the specification has a page, and none of them blames the visitor for the service", () => {
  for (const code of Object.keys(FAULTS) as ErrorCode[]) expect(title(code)).not.toBe("Something went wrong");
  expect(title("signature_invalid")).toBe("This may not be the service it says it is");
  expect(title("not_admitted")).toBe("This may not be the service it says it is");
  expect(title("did_not_found")).toBe("The identity of the service cannot be looked up");
});

test("an alert has the page of its code", () => {
  expect(title("peer_alert", { alert: 49, proved: true })).toBe("The service did not let you in");
  expect(title("peer_alert", { alert: 80 })).toBe("The service does not answer");
  expect(title("peer_alert", { alert: 70 })).toBe("The two sides do not understand each other");
});

test("before the service has proved itself no alert says that it did, and afterwards nothing says that it did not", () => {
  expect(title("peer_alert", { alert: 49 })).toBe("The two sides do not understand each other");
  expect(title("sealed_part_not_opened")).toBe("This may not be the service it says it is");
  expect(title("sealed_part_not_opened", { proved: true })).toBe("The two sides do not understand each other");
});

test("what HTTP says decides about the transport", () => {
  const answered = (status: number, retryAfter: string | null = null) => ({ answered: { status, retryAfter, date: null } });
  expect(title("transport")).toBe("The service does not answer");
  expect(title("transport", answered(429))).toBe("Too many attempts");
  expect(title("transport", answered(503))).toBe("The service does not answer");
  expect(title("transport", answered(200))).toBe("Something else answered in the service's place");
  expect(failureOf(new Refused(429, "90")).todo).toEqual(["Try again in 2 minutes."]);
  expect(failureOf(new Refused(429, "1")).todo).toEqual(["Try again in 1 second."]);
  expect(failureOf(new Refused(0)).todo[0]).toBe("Check that this device is online.");
});

test("a clock is wrong from more than a minute on, in either direction", () => {
  const at = (offset: number) => new Date((now() + offset) * 1000).toUTCString();
  expect(clockError(at(50))).toBeUndefined();
  expect(clockError(at(-50))).toBeUndefined();
  expect(clockError(at(3600))).toBeLessThan(-3500);
  expect(clockError(at(-3600))).toBeGreaterThan(3500);
  expect(clockError(null)).toBeUndefined();
});
