// The bundle of the browser's files, on a small site of its own.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bundleAssets } from "./build-assets.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "plue-site-"));
  mkdirSync(join(folder, "islands"));
  mkdirSync(join(folder, "styles"));
});

afterEach(() => rmSync(folder, { recursive: true }));

test("islands are bundled with what they import, styles minified, tests left out", async () => {
  writeFileSync(join(folder, "shared.ts"), "export const greeting: string = 'hello island';");
  writeFileSync(
    join(folder, "islands/run.ts"),
    "import { greeting } from '../shared.ts';\nconsole.log(greeting);",
  );
  writeFileSync(join(folder, "islands/run.test.ts"), "throw new Error();");
  writeFileSync(join(folder, "styles/main.css"), "body {\n  color: black;\n}\n");
  const assets = await bundleAssets(folder);
  expect(Object.keys(assets).sort()).toEqual(["main.css", "run.js"]);
  expect(assets["run.js"]).toMatchObject({ contentType: "text/javascript; charset=utf-8" });
  expect(assets["run.js"]?.body).toContain("hello island");
  expect(assets["main.css"]?.body).toBe("body{color:#000}\n");
});

test("the hash changes with the body and only then", async () => {
  writeFileSync(join(folder, "styles/main.css"), "a { color: red }");
  const first = (await bundleAssets(folder))["main.css"]?.hash;
  expect((await bundleAssets(folder))["main.css"]?.hash).toBe(first);
  writeFileSync(join(folder, "styles/main.css"), "a { color: blue }");
  expect((await bundleAssets(folder))["main.css"]?.hash).not.toBe(first);
});

test("a site without assets has none, and a broken one says where", async () => {
  expect(await bundleAssets(folder)).toEqual({});
  writeFileSync(join(folder, "islands/broken.ts"), "const = 1;");
  await expect(bundleAssets(folder)).rejects.toThrow(/broken\.ts:1:/);
});
