// How one signs in: with a one-time link. Also what is said of a link that didn't work.
import type { Frame } from "../components/frame.ts";
import { Layout } from "../components/layout.tsx";

interface SignInPageProps {
  frame: Frame;
  /** What was wrong with the link just followed; null when none was. */
  problem: "used" | "expired" | "unknown" | null;
}

const PROBLEMS: Record<NonNullable<SignInPageProps["problem"]>, string> = {
  used: "That link has been used. Each works once.",
  expired: "That link has expired.",
  unknown: "That is not a link that was made here. Check that it was copied whole.",
};

export function SignInPage({ frame, problem }: SignInPageProps) {
  return (
    <Layout frame={frame} title="Sign in">
      <h1>Sign in by link</h1>
      {problem === null ? null : (
        <p class="wrong" role="alert">
          ✗ {PROBLEMS[problem]}
        </p>
      )}
      <p>
        When Plue starts, it prints a link that signs <code>admin</code> in, once:
      </p>
      <pre class="text">{`$ npm start
…
ready ${frame.publicUrl}
sign in: ${frame.publicUrl}/login/once/…`}</pre>
      <p>
        Open that link. {problem === null ? "If it was used already" : "For a new one"}, stop Plue with Ctrl-C
        and run <code>npm start</code> again: each start prints a new one, and nothing is lost.
      </p>
    </Layout>
  );
}
