// For tests on workerd: whether an answer has the shape that GitHub documents (scripts/testing/github-schema.ts).
import { expect, inject } from "vitest";

/**
 * Expects the JSON body of `response` to be what GitHub documents for `method` and `path` with the response's status.
 * @param path as GitHub writes it, such as `/users/{username}`
 * @returns the body
 */
export async function expectGithubShape(method: string, path: string, response: Response): Promise<unknown> {
  const body: unknown = await response.json();
  const question = JSON.stringify({ method, path, status: response.status, body });
  const answer = await fetch(`${inject("schemasUrl")}/github`, { method: "POST", body: question });
  expect(await answer.json(), `${method} ${path} ${response.status}`).toEqual({ problems: [] });
  return body;
}
