// Clients of git written in Python, each driven by a few lines of it: what they make, push, fetch and clone.
// Invariant: a failure tells all that Python said, and what is missing by the name it is installed by.
import { spawnSync } from "node:child_process";

interface PythonClient {
  readonly module: string;
  readonly debianPackage: string;
  /** Takes URL and folder; makes a commit in a new repository there and pushes it to `main` and as the tag `v1`. */
  readonly push: string;
  /** Takes URL and folder; clones into it. */
  readonly clone: string;
  /** Takes URL and folder of the clone; fetches into it what is new and prints the id of the remote's `main`. */
  readonly fetch: string;
  /** Likewise; puts a commit that adds `src/more` onto the remote's `main`, pushes it and prints its id. */
  readonly commit: string;
  /** Takes URL and folder; clones into it with a depth of 1. Null where the client can't. */
  readonly shallow: string | null;
}

export const dulwich: PythonClient = {
  module: "dulwich",
  debianPackage: "python3-dulwich",
  push: `
import os
repo = porcelain.init(folder, bare=False)
os.makedirs(os.path.join(folder, "src"))
for name in ("README.md", "src/empty", "src/large"):
    with open(os.path.join(folder, name), "wb") as file:
        file.write({"README.md": b"Read me\\n", "src/empty": b"", "src/large": os.urandom(400000)}[name])
porcelain.add(repo, [os.path.join(folder, name) for name in ("README.md", "src/empty", "src/large")])
porcelain.commit(repo, message=b"First", author=b"A <a@example.com>", committer=b"A <a@example.com>")
porcelain.tag_create(repo, b"v1", message=b"First tag", author=b"A <a@example.com>", annotated=True)
porcelain.push(repo, url, [b"HEAD:refs/heads/main", b"refs/tags/v1:refs/tags/v1"])
`,
  clone: `porcelain.clone(url, folder, checkout=True)`,
  fetch: `
result = porcelain.fetch(folder, url)
print(result.refs[b"refs/heads/main"].decode())
`,
  commit: `
import os
porcelain.pull(folder, url, b"refs/heads/main")
with open(os.path.join(folder, "src/more"), "w") as file:
    file.write("More\\n")
porcelain.add(folder, [os.path.join(folder, "src/more")])
print(porcelain.commit(folder, message=b"More", author=b"A <a@example.com>", committer=b"A <a@example.com>").decode())
porcelain.push(folder, url, b"refs/heads/main", outstream=sys.stderr, errstream=sys.stderr.buffer)
`,
  shallow: `porcelain.clone(url, folder, checkout=True, depth=1)`,
};

export const pygit2: PythonClient = {
  module: "pygit2",
  debianPackage: "python3-pygit2",
  push: `
import os
repo = pygit2.init_repository(folder, initial_head="main")
os.makedirs(os.path.join(folder, "src"))
for name, content in (("README.md", b"Read me\\n"), ("src/empty", b""), ("src/large", os.urandom(400000))):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(content)
    repo.index.add(name)
author = pygit2.Signature("A", "a@example.com")
commit = repo.create_commit("refs/heads/main", author, author, "First", repo.index.write_tree(), [])
repo.create_tag("v1", commit, pygit2.GIT_OBJ_COMMIT, author, "First tag")
repo.remotes.create("origin", url).push(["refs/heads/main", "refs/tags/v1"])
`,
  clone: `pygit2.clone_repository(url, folder)`,
  fetch: `
repo = pygit2.Repository(folder)
repo.remotes["origin"].fetch()
print(repo.references["refs/remotes/origin/main"].target)
`,
  commit: `
import os
repo = pygit2.Repository(folder)
theirs = repo.references["refs/remotes/origin/main"].target
repo.references["refs/heads/main"].set_target(theirs)
repo.reset(theirs, pygit2.GIT_RESET_HARD)
with open(os.path.join(folder, "src/more"), "w") as file:
    file.write("More\\n")
repo.index.add("src/more")
repo.index.write()
author = pygit2.Signature("A", "a@example.com")
print(repo.create_commit("refs/heads/main", author, author, "More", repo.index.write_tree(), [theirs]))
repo.remotes["origin"].push(["refs/heads/main"])
`,
  // libgit2 learnt it with 1.7, which Debian doesn't have yet.
  shallow: null,
};

/** The interpreter that has the module; Debian's packages are seen by Debian's own. @throws Error when none has it */
export function findPython({ module, debianPackage }: PythonClient): string {
  const interpreters = ["python3", "/usr/bin/python3"];
  const found = interpreters.find((path) => tryPython(path, `import ${module}`).status === 0);
  if (found === undefined) throw new Error(`no ${module}: apt-get install ${debianPackage}`);
  return found;
}

/** Runs the script of one of a client's commands. @returns what it printed. @throws Error with all it said when it fails */
export function runPython(python: string, client: PythonClient, command: string, ...args: string[]): string {
  const scripts: Record<string, string | null> = { ...client };
  const script = scripts[command];
  if (script == null) throw new Error(`${client.module} has no ${command}`);
  const imports = client.module === "dulwich" ? "from dulwich import porcelain" : `import ${client.module}`;
  const { status, stdout, stderr } = tryPython(
    python,
    `${imports}\nimport sys\nurl, folder = sys.argv[1:3]\n${script}`,
    ...args,
  );
  if (status !== 0) throw new Error(`${client.module} ended with ${status}:\n${stdout}${stderr}`);
  return stdout.trim();
}

function tryPython(python: string, script: string, ...args: string[]) {
  return spawnSync(python, ["-c", script, ...args], {
    encoding: "utf8",
    env: { PATH: process.env.PATH, HOME: "/nonexistent", GIT_CONFIG_NOSYSTEM: "1" },
    timeout: 60_000,
  });
}
