// The browsers that are signed in to one's account, and the buttons that end them.
import { CsrfField } from "../components/form.tsx";
import type { Frame } from "../components/frame.ts";
import { Moment } from "../components/moment.tsx";
import { SettingsLayout, settingsPath } from "../components/settings-layout.tsx";
import { describeUserAgent } from "../components/user-agent.ts";

interface SessionView {
  id: number;
  method: string;
  userAgent: string;
  address: string;
  openedAt: Date;
  lastUsedAt: Date;
  expiresAt: Date;
  isCurrent: boolean;
}

interface SessionsPageProps {
  frame: Frame;
  sessions: SessionView[];
  notice: string | null;
}

const METHODS: Record<string, string> = {
  link: "a one-time link",
  password: "a password",
  email: "a mailed link",
  wallet: "a wallet",
  passkey: "a passkey",
};

/** Posts `_csrf` to `/settings/sessions/:id/revoke` and `/settings/sessions/revoke-others`. */
export function SessionsPage({ frame, sessions, notice }: SessionsPageProps) {
  return (
    <SettingsLayout frame={frame} current="sessions" notice={notice}>
      <p>Every browser that is signed in as you. End what you don't recognise.</p>
      <ul class="list">
        {sessions.map((session) => (
          <SessionItem frame={frame} session={session} />
        ))}
      </ul>
      {sessions.some((session) => !session.isCurrent) ? (
        <form method="post" action={`${settingsPath("sessions")}/revoke-others`}>
          <CsrfField viewer={frame.viewer} />
          <button type="submit" class="main">
            End all others
          </button>
        </form>
      ) : (
        <p class="facts">There is no other session.</p>
      )}
    </SettingsLayout>
  );
}

function SessionItem({ frame, session }: { frame: Frame; session: SessionView }) {
  const device = describeUserAgent(session.userAgent);
  return (
    <li class="item tight">
      <div class="row">
        <span class="name" title={session.userAgent}>
          {device}
        </span>
        {session.isCurrent ? <span class="tag">this one</span> : null}
        {session.isCurrent ? null : (
          <form method="post" action={`${settingsPath("sessions")}/${session.id}/revoke`} class="end">
            <CsrfField viewer={frame.viewer} />
            <button type="submit" aria-label={`End the session of ${device}`}>
              End
            </button>
          </form>
        )}
      </div>
      <p class="row facts">
        <span>
          signed in with {METHODS[session.method] ?? session.method}{" "}
          <Moment at={session.openedAt} now={frame.now} />
        </span>
        <span>
          last used <Moment at={session.lastUsedAt} now={frame.now} />
        </span>
        <span>{session.address === "" ? "address unknown" : `from ${session.address}`}</span>
        <span>
          ends at the latest <Moment at={session.expiresAt} now={frame.now} />
        </span>
      </p>
    </li>
  );
}
