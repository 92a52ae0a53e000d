// How long files and functions may be.
import type { Problem, SourceFile } from "./source-file.ts";

export const maxFileLines = 500;
export const maxPercentile95Lines = 400;
export const maxMedianLines = 120;
export const maxFunctionLines = 70;

export function checkSizes(files: Map<string, SourceFile>): Problem[] {
  const problems: Problem[] = [];
  for (const { path, lineCount, functions } of files.values()) {
    if (lineCount > maxFileLines) {
      const message = `${lineCount} lines, at most ${maxFileLines}; split it`;
      problems.push({ path, line: maxFileLines + 1, rule: "file size", message });
    }
    for (const one of functions) {
      if (one.lineCount <= maxFunctionLines) continue;
      const message = `${one.name} has ${one.lineCount} lines, at most ${maxFunctionLines}; split it`;
      problems.push({ path, line: one.line, rule: "function size", message });
    }
  }
  const bySize = [...files.values()].sort((a, b) => a.lineCount - b.lineCount);
  return [
    ...problems,
    ...checkPercentile(bySize, 0.5, "median", maxMedianLines),
    ...checkPercentile(bySize, 0.95, "95th percentile", maxPercentile95Lines),
  ];
}

function checkPercentile(bySize: SourceFile[], share: number, name: string, maxLines: number): Problem[] {
  const file = bySize[Math.ceil(bySize.length * share) - 1];
  if (file === undefined || file.lineCount <= maxLines) return [];
  const message = `the ${name} of all files' lengths is ${file.lineCount} lines, at most ${maxLines}; split the largest`;
  return [{ path: file.path, line: 1, rule: "file sizes", message }];
}
