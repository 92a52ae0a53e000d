// What waits in the outbox and the queues, and what the queues gave up, for the site's admins.
// Posts to `/site-admin/queues/dead-letters/:id/{resend,drop}`.
import { AdminLayout, adminSectionPath, ConfirmedAct } from "../components/admin-layout.tsx";
import type { Frame } from "../components/frame.ts";
import { Moment } from "../components/moment.tsx";
import { Pager } from "../components/pager.tsx";
import { ActButton } from "../components/role-forms.tsx";
import type { Paging } from "../components/views.ts";

interface AdminQueuesPageProps {
  frame: Frame;
  notice: string | null;
  problem: string | undefined;
  queues: readonly { name: string; waiting: number | null }[];
  outbox: readonly { topic: string; total: number; oldestAt: Date }[];
  letters: readonly { id: number; queue: string; body: unknown; problem: string; createdAt: Date }[];
  paging: Paging;
}

/** The clock sends what waits each minute: what is older than a few of those is stuck. */
const STUCK_MS = 5 * 60_000;

export function AdminQueuesPage(props: AdminQueuesPageProps) {
  const { frame, notice, problem, queues, outbox, letters, paging } = props;
  return (
    <AdminLayout frame={frame} current="queues" notice={notice} problem={problem}>
      <h2>Events that wait to be sent</h2>
      {outbox.length === 0 ? <p class="facts">There is none.</p> : null}
      <ul class="list">
        {outbox.map(({ topic, total, oldestAt }) => (
          <li class="item row">
            <span class="name">{topic}</span>
            <span>{total}</span>
            {frame.now.getTime() - oldestAt.getTime() > STUCK_MS ? <span class="tag">stuck</span> : null}
            <span class="facts">
              the oldest of <Moment at={oldestAt} now={frame.now} />
            </span>
          </li>
        ))}
      </ul>
      <h2>Queues</h2>
      <ul class="list">
        {queues.map(({ name, waiting }) => (
          <li class="item row">
            <span class="name">{name}</span>
            <span>{waiting === null ? "doesn't answer" : `${waiting} waiting`}</span>
          </li>
        ))}
      </ul>
      <h2>Messages that queues gave up</h2>
      {letters.length === 0 ? <p class="facts">There is none.</p> : null}
      <ul class="list">
        {letters.map((letter) => {
          const path = `${adminSectionPath("queues")}/dead-letters/${letter.id}`;
          const name = `message ${letter.id}`;
          return (
            <li class="item tight">
              <div class="row">
                <span class="name">{letter.queue}</span>
                <code>{JSON.stringify(letter.body)}</code>
                <span class="facts">
                  given up <Moment at={letter.createdAt} now={frame.now} />
                </span>
              </div>
              <p>{letter.problem === "" ? "Nobody noted why." : letter.problem}</p>
              <div class="row">
                <ActButton
                  {...{
                    viewer: frame.viewer,
                    action: `${path}/resend`,
                    hidden: {},
                    label: "Send again",
                    of: name,
                  }}
                />
                <ConfirmedAct frame={frame} action={`${path}/drop`} label="Drop" of={name}>
                  It is not sent again.
                </ConfirmedAct>
              </div>
            </li>
          );
        })}
      </ul>
      <Pager paging={paging} />
    </AdminLayout>
  );
}
