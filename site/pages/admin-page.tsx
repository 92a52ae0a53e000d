// What the site's admins do: people, and messages that queues gave up.
import { CsrfField } from "../components/form.tsx";
import type { Frame } from "../components/frame.ts";
import { Layout } from "../components/layout.tsx";
import { Moment } from "../components/moment.tsx";
import { Pager } from "../components/pager.tsx";
import { TextField } from "../components/text-field.tsx";
import type { Paging } from "../components/views.ts";

interface AdminPageProps {
  frame: Frame;
  people: readonly { id: number; username: string; isAdmin: boolean; suspendedAt: Date | null }[];
  search: string;
  paging: Paging;
  letters: readonly { id: number; queue: string; body: unknown; createdAt: Date }[];
  notice: string | null;
}

/** Posts `_csrf` to `/site-admin/users/:id/{suspend,unsuspend}` and `/site-admin/dead-letters/:id/replay`. */
export function AdminPage({ frame, people, search, paging, letters, notice }: AdminPageProps) {
  return (
    <Layout frame={frame} title="Administration">
      <h1>Administration</h1>
      {notice === null ? null : (
        <p class="notice" role="status">
          ✓ {notice}
        </p>
      )}
      <p>
        <a href="/site-admin/audit">Audit log</a>
      </p>
      <h2>People</h2>
      <form method="get" action="/site-admin" class="fields">
        <TextField name="search" label="Name begins with" value={search} required={false} error={undefined} />
        <button type="submit">Search</button>
      </form>
      <ul class="list">
        {people.map((person) => (
          <li class="item row">
            <span class="name">{person.username}</span>
            {person.isAdmin ? <span class="tag">admin</span> : null}
            {person.suspendedAt === null ? null : <span class="tag">suspended</span>}
            {person.username === frame.viewer?.username ? null : (
              <Act
                frame={frame}
                action={`/site-admin/users/${person.id}/${person.suspendedAt === null ? "suspend" : "unsuspend"}`}
                label={person.suspendedAt === null ? "Suspend" : "Let in again"}
                of={person.username}
              />
            )}
          </li>
        ))}
      </ul>
      <Pager paging={paging} />
      <h2>Messages that queues gave up</h2>
      {letters.length === 0 ? <p class="facts">There is none.</p> : null}
      <ul class="list">
        {letters.map((letter) => (
          <li class="item row">
            <span class="name">{letter.queue}</span>
            <code>{JSON.stringify(letter.body)}</code>
            <Moment at={letter.createdAt} now={frame.now} />
            <Act
              frame={frame}
              action={`/site-admin/dead-letters/${letter.id}/replay`}
              label="Send again"
              of={String(letter.id)}
            />
          </li>
        ))}
      </ul>
    </Layout>
  );
}

function Act({ frame, action, label, of }: { frame: Frame; action: string; label: string; of: string }) {
  return (
    <form method="post" action={action} class="end">
      <CsrfField viewer={frame.viewer} />
      <button type="submit" aria-label={`${label}: ${of}`}>
        {label}
      </button>
    </form>
  );
}
