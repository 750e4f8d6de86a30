import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LoginFailed } from "../src/authenticate.js";
import { enrolFailure } from "../src/enrol.js";
import { denied } from "../src/failure.js";
import { inviteFailure } from "../src/invite.js";
import { Refused } from "../src/session.js";

beforeEach(() => vi.stubGlobal("location", new URL("https://login.example/login")));
afterEach(() => vi.unstubAllGlobals());

test("each answer about an invite has a page of its own", () => {
  const title = (status: number) => inviteFailure(new Refused(status)).title;
  expect(title(404)).toBe("This invite is not known here");
  expect(title(400)).toBe("This invite is not known here");
  expect(title(410)).toBe("This invite is used up or over");
  expect(title(409)).toBe("This key cannot take the invite");
  expect(title(429)).toBe("Too many attempts");
  expect(title(503)).toBe("The service does not answer");
  expect(title(0)).toBe("The service does not answer");
});

test("so has each answer to a key that is to be added, and a failed handshake keeps its own", () => {
  expect(enrolFailure(new Refused(409)).title).toBe("Your account takes no more keys at the moment");
  expect(enrolFailure(new Refused(403)).title).toBe("Your account is switched off");
  expect(enrolFailure(new Refused(500)).title).toBe("The service does not answer");
  expect(enrolFailure(new LoginFailed(denied())).title).toBe("The service did not let you in");
});
