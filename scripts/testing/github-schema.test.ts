// The judge of shapes itself: it passes what GitHub documents, and tells what is missing or of the wrong kind.
import { describe, expect, it } from "vitest";
import { findShapeProblems } from "./github-schema.ts";

const EMAIL = { email: "ada@example.com", primary: true, verified: true, visibility: null };
const emails = (body: unknown) =>
  findShapeProblems({ method: "GET", path: "/user/emails", status: 200, body });

describe("findShapeProblems", () => {
  it("finds nothing in what GitHub documents, null where it may be", () => {
    expect(emails([EMAIL])).toEqual([]);
  });

  it("names what is missing, of the wrong kind or of the wrong format", () => {
    const { verified: _, ...unverified } = EMAIL;
    expect(emails([unverified]).join()).toContain("'verified'");
    expect(emails([{ ...EMAIL, primary: "yes" }]).join()).toContain("/0/primary must be boolean");
    expect(emails([{ ...EMAIL, email: "ada" }]).join()).toContain("/0/email must match format");
    expect(emails({})).not.toEqual([]);
  });

  it("knows the shapes of errors, which many answers share", () => {
    const error = { message: "Not Found", documentation_url: "https://plue.test/api" };
    const ask = (body: unknown) =>
      findShapeProblems({ method: "GET", path: "/users/{username}", status: 404, body });
    expect(ask(error)).toEqual([]);
    expect(ask({ ...error, message: 4 })).not.toEqual([]);
  });

  it("refuses to judge what GitHub doesn't document", () => {
    const ask = (path: string, status: number) =>
      findShapeProblems({ method: "GET", path, status, body: {} });
    expect(() => ask("/nothing/{here}", 200)).toThrow("GitHub documents no GET /nothing/{here} 200");
    expect(() => ask("/user/emails", 299)).toThrow("GitHub documents no GET /user/emails 299");
  });
});
