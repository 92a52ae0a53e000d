// What may be done in one place only, because that place keeps something true which others would forget.
import { matchesGlob } from "node:path";
import type { Problem, SourceFile } from "./source-file.ts";

type SingleWay = {
  /** What it looks like in code. */
  pattern: RegExp;
  /** Whose code must keep to it. */
  files: string;
  /** The one file that may do it. */
  home: string;
  instead: string;
};

const singleWays: SingleWay[] = [
  {
    pattern: /\.waitUntil\(/g,
    files: "{workers,site}/**/*.{ts,tsx}",
    home: "workers/core/background.ts",
    instead: "call `runInBackground`, which logs what fails",
  },
  {
    pattern: /\binsert\(outbox\)|\binsert\s+into\s+"?outbox\b/gi,
    files: "{workers,site,schema,runner-gateway}/**/*.{ts,tsx}",
    home: "schema/write-events.ts",
    instead: "call `writeEvents`, which checks payloads",
  },
];

/** Each use of a way that isn't in its home. Tests are free. */
export function checkSingleWays(files: Map<string, SourceFile>): Problem[] {
  return [...files.values()].flatMap(({ path, text }) => {
    if (/\.test\.tsx?$/.test(path) || matchesGlob(path, "scripts/**")) return [];
    return singleWays
      .filter((way) => way.home !== path && matchesGlob(path, way.files))
      .flatMap(({ pattern, home, instead }) =>
        Array.from(text.matchAll(pattern), ({ 0: found, index }) => ({
          path,
          line: text.slice(0, index).split("\n").length,
          rule: "single way",
          message: `\`${found}\` is for ${home} alone; ${instead}`,
        })),
      );
  });
}
