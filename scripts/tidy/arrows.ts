// Which part may import which, the design's arrows: schema ← git, core ← stores ← services ← routes ← app ← main.
import { matchesGlob } from "node:path";
import type { Problem, SourceFile } from "./source-file.ts";

type Arrow = {
  files: string;
  /** What they may import besides packages. `@` stands for the file's own domain, the folder within workers/. */
  may: string[];
  /** Exceptions to `may`. */
  never?: string[];
};

const pureGit = ["schema/terminal-text.ts", "workers/git/*.ts", "workers/git/{object,pack,wire,merge}/**"];
const beneath = ["schema/**", "workers/core/**", "workers/git/**"];
// git/ is no domain: its store is beneath theirs.
const otherStores = ["workers/!(@|git)/store.ts", "workers/!(@|git)/store/**"];
const entries = ["workers/main.ts", "workers/app.ts"];

/** The first line whose `files` match a file is its law. Tests may import what they test, wherever it lies. */
const arrows: Arrow[] = [
  { files: "**/*.test.{ts,tsx}", may: ["**"] },
  { files: "schema/**", may: ["schema/**"] },

  { files: "workers/git/{object,pack,wire,merge}/**", may: pureGit },
  { files: "workers/git/*.ts", may: pureGit },
  {
    files: "workers/git/store/**",
    may: [...pureGit, "schema/**", "workers/core/**", "workers/git/store/**"],
  },
  {
    files: "workers/git/verify/**",
    may: [...pureGit, "workers/git/store/bounded-cache.ts", "workers/git/verify/**"],
    // What graphs are written with: a check shares no code with it.
    never: [
      "workers/git/pack/{reference-log,build-pack-graph,object-recorder,tree-ids,oid-table,ingest-*}.ts",
      "workers/git/object/{check-*,parse-*}.ts",
    ],
  },
  { files: "workers/git/http/**", may: beneath },
  {
    files: "workers/git/housekeeping/**",
    may: [...pureGit, "schema/**", "workers/core/**", "workers/git/{store,verify,housekeeping}/**"],
  },

  { files: "workers/core/**", may: ["schema/**", "workers/core/**"] },
  { files: "workers/main.ts", may: ["**"] },
  { files: "workers/testing/**", may: ["**"] },
  { files: "workers/app.ts", may: ["schema/**", "workers/**", "site/**"], never: ["workers/main.ts"] },
  {
    files: "workers/*/store{.ts,/**}",
    may: [...beneath, "workers/@/**"],
    never: ["workers/@/{service,routes}.{ts,tsx}"],
  },
  {
    files: "workers/*/routes*.{ts,tsx}",
    may: [...beneath, "workers/*/**", "site/**"],
    never: [...entries, ...otherStores, "workers/!(@|git)/routes*.{ts,tsx}"],
  },
  {
    files: "workers/*/**",
    may: [...beneath, "workers/*/**"],
    never: [...entries, ...otherStores, "workers/*/routes*.{ts,tsx}"],
  },

  { files: "runner-gateway/runner/**", may: ["schema/**", "runner-gateway/runner/**"] },
  { files: "runner-gateway/testing/**", may: ["**"] },
  { files: "runner-gateway/**", may: ["schema/**", "runner-gateway/**"] },

  { files: "site/islands/**", may: ["schema/**", "site/islands/**", "site/components/**"] },
  { files: "site/{pages,components}/**", may: ["schema/**", "site/**"], never: ["site/*routes.{ts,tsx}"] },
  {
    files: "site/**",
    may: ["schema/**", "site/**", "workers/*/**"],
    never: [...entries, "workers/*/store{.ts,/**}", "workers/*/routes*.{ts,tsx}"],
  },

  { files: "scripts/**", may: ["**"], never: ["**/*.test.ts"] },
  { files: "e2e/**", may: ["e2e/**", "scripts/**", "schema/**"] },
  { files: "*.{ts,mjs}", may: ["scripts/**"] },
];

/** Imports that go against the arrows, and relative imports that lead nowhere. */
export function checkArrows(files: Map<string, SourceFile>): Problem[] {
  const problems: Problem[] = [];
  for (const file of files.values()) {
    const arrow = arrows.find(({ files: pattern }) => matchesGlob(file.path, pattern));
    for (const { target, line } of file.imports) {
      if (target === undefined || (arrow !== undefined && isAllowed(arrow, file.path, target))) continue;
      const law =
        arrow === undefined ? "no line in scripts/tidy/arrows.ts speaks of it" : describeArrow(arrow);
      const message = `may not import ${target} (${law}); move the code or call a service`;
      problems.push({ path: file.path, line, rule: "arrow", message });
    }
  }
  return problems;
}

function isAllowed(arrow: Arrow, path: string, target: string): boolean {
  const domain = path.split("/")[1] ?? "";
  const matches = (pattern: string): boolean => {
    if (pattern.includes("!(@|git)") && [domain, "git"].includes(target.split("/")[1] ?? "")) return false;
    return matchesGlob(target, pattern.replace("!(@|git)", "*").replace("@", domain));
  };
  return arrow.may.some(matches) && !arrow.never?.some(matches);
}

function describeArrow(arrow: Arrow): string {
  const never = arrow.never === undefined ? "" : `, never ${arrow.never.join(" ")}`;
  return `${arrow.files} may import ${arrow.may.join(" ")}${never}`;
}
