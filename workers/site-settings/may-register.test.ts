// Who may make an account, by every combination of what is set and what they bring.
import { describe, expect, it } from "vitest";
import { judgeRegistration } from "./may-register.ts";

const judge = (
  registration: "open" | "invited" | "closed",
  registrationDomains: string[],
  invited: boolean,
  email?: string,
) => {
  const registrant = email === undefined ? { invited } : { invited, email };
  const verdict = judgeRegistration({ registration, registrationDomains }, registrant);
  return verdict.may ? "may" : verdict.why;
};

describe("an account", () => {
  it.each([
    ["open", false, "may"],
    ["open", true, "may"],
    ["invited", false, "uninvited"],
    ["invited", true, "may"],
    ["closed", false, "closed"],
    ["closed", true, "closed"],
  ] as const)("where registration is %s, invited: %s → %s", (registration, invited, verdict) => {
    expect(judge(registration, [], invited, "ann@example.com")).toBe(verdict);
    expect(judge(registration, [], invited)).toBe(verdict);
  });

  it("is made with an address of an allowed domain, and with none of its subdomains or lookalikes", () => {
    const domains = ["example.com", "plue.dev"];
    expect(judge("open", domains, false, "ann@example.com")).toBe("may");
    expect(judge("open", domains, false, "ann@PLUE.dev")).toBe("may");
    for (const address of ["ann@mail.example.com", "ann@notexample.com", "ann@example.com.evil.test"]) {
      expect(judge("open", domains, false, address)).toBe("domain");
    }
  });

  it("isn't made by whoever shows no address where there are domains, nor by an invitation alone", () => {
    expect(judge("open", ["example.com"], false)).toBe("domain");
    expect(judge("invited", ["example.com"], true, "ann@elsewhere.test")).toBe("domain");
    expect(judge("invited", ["example.com"], true, "ann@example.com")).toBe("may");
  });

  it("isn't promised by a list too long to read", () => {
    const few = judgeRegistration(
      { registration: "open", registrationDomains: ["a.test"] },
      { invited: false },
    );
    const domains = Array.from({ length: 6 }, (_, index) => `d${index}.test`);
    const many = judgeRegistration(
      { registration: "open", registrationDomains: domains },
      { invited: false },
    );
    expect(few).toMatchObject({ problem: expect.stringContaining("a.test") });
    expect(many).toMatchObject({ problem: expect.not.stringContaining("d0.test") });
  });
});
