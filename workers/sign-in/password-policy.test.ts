// Which passwords are refused, and which are let pass.
import { describe, expect, it } from "vitest";
import { findPasswordProblem, PASSWORD_CHARACTERS_MAX, PASSWORD_CHARACTERS_MIN } from "./password-policy.ts";

const OWNER = { username: "ada-lovelace", address: "countess@example.com" };
const judge = (password: string) => findPasswordProblem(password, OWNER);
/** Characters that follow no pattern. */
const mixed = (length: number) =>
  Array.from({ length }, (_, at) => "kvxqzjwpyhgfbdmu"[(at * at * 7 + at * 3) % 16]).join("");

describe("findPasswordProblem", () => {
  it("wants enough characters, and not too many", () => {
    expect(judge("kX9#vQ2$mZp")).toMatch(/at least 12/);
    expect(judge("kX9#vQ2$mZpw")).toBeUndefined();
    expect(judge(mixed(PASSWORD_CHARACTERS_MIN - 1))).toMatch(/has 11/);
    expect(judge(mixed(PASSWORD_CHARACTERS_MAX))).toBeUndefined();
    expect(judge(mixed(PASSWORD_CHARACTERS_MAX + 1))).toMatch(/at most/);
    expect(judge("😀".repeat(6))).toMatch(/has 6/);
  });

  it.each([
    "password1234",
    "Password123!",
    "p@ssw0rd2024",
    "qwertyuiop12",
    "aaaaaaaaaaaa",
    "abcdefghijkl",
    "123456789012",
    "iloveyouiloveyou",
    "monkeydragon",
    "letmeinletmein1",
    "drowssap4321",
    "lovelace2025",
    "ada-lovelace1",
    "countess1234",
    "pluepluePLUE",
    "zxcvbnmasdfghjkl",
  ])("refuses %s, which is guessed early", (password) => {
    expect(judge(password)).toMatch(/guessed early/);
  });

  it.each([
    "correct horse battery staple",
    "kitchen-lamp-42-violin",
    "Tr0ub4dor&3-and-more",
    "wqkzjvmrhxtp",
    "9182736404825176",
    "überraschung im garten",
    "密码是一只会飞的大象在海边",
  ])("lets %s pass", (password) => {
    expect(judge(password)).toBeUndefined();
  });
});
