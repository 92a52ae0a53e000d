// Addresses keep every name in its place.
import { expect, test } from "vitest";
import { cloneUrl, contentPath, jobLogPath } from "./paths.ts";

const DEMO = { owner: "admin", name: "demo" };

test("a path keeps its slashes and nothing else of meaning", () => {
  expect(contentPath(DEMO, "blob", "feature/x", "a b/ü?#%/c.ts")).toBe(
    "/admin/demo/blob/feature/x/a%20b/%C3%BC%3F%23%25/c.ts",
  );
});

test("the root of a revision has no path", () => {
  expect(contentPath(DEMO, "tree", "main")).toBe("/admin/demo/tree/main");
});

test("a name that is no text still has an address", () => {
  expect(contentPath(DEMO, "blob", "main", "a\ud800")).toBe("/admin/demo/blob/main/a%EF%BF%BD");
});

test("a name that isn't UTF-8, or holds a newline, keeps its bytes", () => {
  expect(contentPath(DEMO, "blob", "main", "caf\udce9/%E9/a\nb/😀")).toBe(
    "/admin/demo/blob/main/caf%e9/%25E9/a%0Ab/%F0%9F%98%80",
  );
});

test("a name can't become another host, scheme or query", () => {
  const evil = { owner: "//evil.example", name: "javascript:alert(1)?x=#y" };
  expect(jobLogPath(evil, 1, 2)).toBe(
    "/%2F%2Fevil.example/javascript%3Aalert(1)%3Fx%3D%23y/runs/1/jobs/2/log",
  );
  expect(cloneUrl("http://localhost:4000", DEMO)).toBe("http://localhost:4000/admin/demo.git");
});
