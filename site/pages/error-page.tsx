// The answer when there is nothing else to show: what went wrong, and what to quote when asking about it.
import type { Frame } from "../components/frame.ts";
import { Layout } from "../components/layout.tsx";
import { homePath, signInPath } from "../components/paths.ts";
import { RepositoryHeader } from "../components/repository-header.tsx";
import type { RepositoryView } from "../components/views.ts";

interface ErrorPageProps {
  frame: Frame;
  status: 400 | 401 | 403 | 404 | 405 | 409 | 410 | 413 | 414 | 415 | 422 | 429 | 431 | 500 | 503;
  /** For the public, such as a ForgeError's message. */
  message: string;
  requestId: string;
  /** The repository that the address lies in, where the viewer may read it. */
  repository?: RepositoryView | undefined;
}

const TITLES: Record<ErrorPageProps["status"], string> = {
  400: "Bad request",
  401: "Sign in first",
  403: "Not allowed",
  404: "Not found",
  405: "Method not allowed",
  409: "Conflict",
  410: "Gone",
  413: "Too large",
  414: "Address too long",
  415: "Unsupported media type",
  422: "Not valid",
  429: "Too many requests",
  431: "Headers too large",
  500: "Something went wrong",
  503: "Not available right now",
};

export function ErrorPage({ frame, status, message, requestId, repository }: ErrorPageProps) {
  const title = TITLES[status];
  return (
    <Layout frame={frame} title={title}>
      {repository === undefined ? null : <RepositoryHeader repository={repository} tab={null} />}
      <h1>
        {status} {title}
      </h1>
      {message.toLowerCase() === title.toLowerCase() ? null : <p>{message}</p>}
      {status === 404 && frame.viewer === null ? (
        <p>
          What is private is shown after <a href={signInPath}>signing in</a>.
        </p>
      ) : null}
      <p>
        <a href={homePath}>All repositories</a>
      </p>
      <p class="facts">
        request <code>{requestId}</code>
      </p>
    </Layout>
  );
}
