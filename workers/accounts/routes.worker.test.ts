// `/api/v3/user…`: GitHub's shapes, and no more than the credential may see.
import { expect, it } from "vitest";
import { send } from "../testing/fixtures.ts";
import { expectGithubShape } from "../testing/github-shape.ts";

it("answers nobody in the shape that GitHub documents", async () => {
  const answer = await send("/api/v3/user");
  expect(answer.status).toBe(401);
  await expectGithubShape("GET", "/user", answer);
});
