import { expect, test } from "vitest";
import { destination } from "../src/destination.js";

const ORIGIN = "https://login.example";
const of = (to: string) => destination(`?to=${encodeURIComponent(to)}`, ORIGIN).path;

test("a path of this origin is where it leads", () => {
  for (const path of ["/", "/a", "/a/b?c=d&e=%2F#f", "/a//b"]) expect(of(path)).toBe(path);
  expect(destination("?to=/x", ORIGIN).asked).toBe(true);
});

test("anything else leads to the account", () => {
  const others = [
    "", "a", "//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example/", "javascript:alert(1)", "/\t/evil.example",
    "/\n/evil.example", " //evil.example", "/a b", "/a\\b",
  ];
  for (const to of others) expect(of(to), to).toBe("/account");
  expect(destination("", ORIGIN)).toEqual({ path: "/account", asked: false });
});

test("a path that the URL parser turns into another host is none", () => {
  for (const to of ["/.//evil.example", "/..//evil.example", "/a/..//evil.example"]) expect(of(to), to).toBe("/account");
});
