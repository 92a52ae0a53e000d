// What waits in the outbox and the queues, what was given up, and when the clock's work was last done, for the site's admins.
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
  /** `succeededAt`: null where it never was done; `problem`: empty where the newest try succeeded. */
  clock: readonly { name: string; succeededAt: Date | null; problem: string }[];
  outbox: readonly OutboxTopicState[];
  gaps: readonly RepositoryGap[];
  letters: readonly { id: number; queue: string; body: unknown; problem: string; createdAt: Date }[];
  paging: Paging;
}

/** A repository where housekeeping stopped. */
interface RepositoryGap {
  owner: string;
  name: string;
  /** What is missing or damaged, one a line. */
  problem: string;
  foundAt: Date;
  checkedAt: Date;
}

interface OutboxTopicState {
  topic: string;
  total: number;
  oldestAt: Date;
  /** Why one of them wasn't sent; empty where none was tried. */
  problem: string;
  /** Whether this version of the program knows the topic. */
  isKnown: boolean;
}

/** The clock sends what waits each minute: what is older than a few of those is stuck. */
const STUCK_MS = 5 * 60_000;

export function AdminQueuesPage(props: AdminQueuesPageProps) {
  const { frame, notice, problem, queues, clock, outbox, gaps, letters, paging } = props;
  return (
    <AdminLayout frame={frame} current="queues" notice={notice} problem={problem}>
      <GapsSection frame={frame} gaps={gaps} />
      <OutboxSection frame={frame} outbox={outbox} />
      <h2>Queues</h2>
      <ul class="list">
        {queues.map(({ name, waiting }) => (
          <li class="item row">
            <span class="name">{name}</span>
            <span>{waiting === null ? "doesn't answer" : `${waiting} waiting`}</span>
          </li>
        ))}
      </ul>
      <ClockSection frame={frame} clock={clock} />
      <h2>Messages and events that were given up</h2>
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

function OutboxSection({ frame, outbox }: Pick<AdminQueuesPageProps, "frame" | "outbox">) {
  return (
    <>
      <h2>Events that wait to be sent</h2>
      {outbox.length === 0 ? <p class="facts">There is none.</p> : null}
      <ul class="list">
        {outbox.map(({ topic, total, oldestAt, problem, isKnown }) => (
          <li class="item tight">
            <div class="row">
              <span class="name">{topic}</span>
              <span>{total}</span>
              {isOld(frame, oldestAt) ? <span class="tag">stuck</span> : null}
              <span class="facts">
                the oldest of <Moment at={oldestAt} now={frame.now} />
              </span>
            </div>
            {isKnown ? null : <p>This version of Plue doesn't know the topic: a newer one will send it.</p>}
            {problem === "" ? null : <p>{problem}</p>}
          </li>
        ))}
      </ul>
    </>
  );
}

function ClockSection({ frame, clock }: Pick<AdminQueuesPageProps, "frame" | "clock">) {
  return (
    <>
      <h2>Work done every minute</h2>
      <ul class="list">
        {clock.map(({ name, succeededAt, problem }) => (
          <li class="item tight">
            <div class="row">
              <span class="name">{name}</span>
              {problem === "" ? null : <span class="tag">failing</span>}
              {succeededAt !== null && isOld(frame, succeededAt) ? <span class="tag">stuck</span> : null}
              <span class="facts">
                {succeededAt === null ? "never done" : "last done "}
                {succeededAt === null ? null : <Moment at={succeededAt} now={frame.now} />}
              </span>
            </div>
            {problem === "" ? null : <p>{problem}</p>}
          </li>
        ))}
      </ul>
    </>
  );
}

const isOld = (frame: Frame, at: Date): boolean => frame.now.getTime() - at.getTime() > STUCK_MS;

/** Shown only where there is something to show: mostly there is nothing. */
function GapsSection({ frame, gaps }: Pick<AdminQueuesPageProps, "frame" | "gaps">) {
  if (gaps.length === 0) return null;
  return (
    <>
      <h2>Repositories with missing or damaged objects</h2>
      <p>
        Nothing is removed from these repositories. Restore what is missing from a backup or push it again;
        housekeeping then goes on by itself. <code>node scripts/fsck.ts owner/name</code> says more.
      </p>
      <ul class="list">
        {gaps.map(({ owner, name, problem, foundAt, checkedAt }) => (
          <li class="item tight">
            <div class="row">
              <a class="name" href={`/${owner}/${name}`}>
                {owner}/{name}
              </a>
              <span class="facts">
                found <Moment at={foundAt} now={frame.now} />, looked for again{" "}
                <Moment at={checkedAt} now={frame.now} />
              </span>
            </div>
            <pre>{problem}</pre>
          </li>
        ))}
      </ul>
    </>
  );
}
