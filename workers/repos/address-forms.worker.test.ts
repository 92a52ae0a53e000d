// Addresses of a repository that aren't its page's own: each leads there, or is answered in the words of who asks.
import { expect, it } from "vitest";
import { createPerson, giveToken, makeRepository, send } from "../testing/fixtures.ts";

const makePlace = async () => {
  const owner = await createPerson();
  const { name } = await makeRepository(owner);
  return { owner, place: `/${owner.username}/${name}` };
};

it.each([
  ["/", ""],
  [".git", ""],
  [".git/", ""],
  ["/tree/main/", "/tree/main"],
  ["/?tab=1", "?tab=1"],
])("leads from …%s to …%s, whether there is such a repository or not", async (written, canonical) => {
  for (const place of [(await makePlace()).place, "/nobody/nothing"]) {
    const response = await send(place + written, { redirect: "manual" });
    expect([response.status, response.headers.get("location")]).toEqual([301, place + canonical]);
  }
});

it("never redirects to another site", async () => {
  for (const path of ["//evil.example/", "/\\evil.example/", "///evil.example//", "/%2F%2Fevil.example/"]) {
    const location = (await send(path, { redirect: "manual" })).headers.get("location") ?? "/";
    expect(new URL(location, "http://plue.test").host).toBe("plue.test");
  }
});

it("takes slashes in a row for one, in pages, the API and git", async () => {
  const { owner, place } = await makePlace();
  expect((await send(`/${place}`)).status).toBe(200);
  expect((await send(`//api//v3/repos/${place}`)).status).toBe(200);
  const token = await giveToken(owner.id, ["repo:read"]);
  const refs = await send(`/${place}.git//info/refs?service=git-upload-pack`, { token });
  expect([refs.status, refs.headers.get("content-type")]).toEqual([
    200,
    "application/x-git-upload-pack-advertisement",
  ]);
});

it("tells go where a module's repository is", async () => {
  for (const path of ["/ada/tools", "/ada/tools/cmd/x", "/ada/tools.git"]) {
    const response = await send(`${path}?go-get=1`);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain(
      '<meta name="go-import" content="plue.test/ada/tools git http://plue.test/ada/tools.git" />',
    );
  }
});

it.each(["objects/batch", "locks", "locks/verify", ""])(
  "says that LFS's %s isn't there yet, as LFS does",
  async (path) => {
    const { place } = await makePlace();
    for (const address of [`${place}.git/info/lfs/${path}`, `/nobody/nothing/info/lfs/${path}`]) {
      const response = await send(address, { method: "POST", body: "{}" });
      expect([response.status, response.headers.get("content-type")]).toEqual([
        501,
        "application/vnd.git-lfs+json",
      ]);
      expect(await response.json()).toEqual({ message: expect.stringContaining("Git LFS is not available") });
    }
  },
);
