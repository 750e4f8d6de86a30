import { expect, test } from "vitest";
import { secretOf } from "../src/secret.js";

const SECRET = "x".repeat(43);

test("a fragment is an invite, a link, or nothing to this page", () => {
  expect(secretOf(`#invite=${SECRET}`)).toEqual({ kind: "invite", secret: SECRET });
  expect(secretOf(`#link=${SECRET}`)).toEqual({ kind: "link", secret: SECRET });
  for (const fragment of ["", "#", "#invite", `#Invite=${SECRET}`, `#x&invite=${SECRET}`, `invite=${SECRET}`]) expect(secretOf(fragment)).toBeUndefined();
});

test("one that was cut off is taken out of the address as well, for the service to refuse", () => {
  expect(secretOf("#invite=")).toEqual({ kind: "invite", secret: "" });
  expect(secretOf("#link=a=b&c")).toEqual({ kind: "link", secret: "a=b&c" });
});
