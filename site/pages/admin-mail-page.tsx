// The mail that waits and the mail that was given up, for the site's admins. What it says, and to whom, isn't shown.
// Posts to `/site-admin/mail/:id/{retry,drop}`.
import { AdminLayout, adminSectionPath, ConfirmedAct, NoMailWarning } from "../components/admin-layout.tsx";
import type { Frame } from "../components/frame.ts";
import { Moment } from "../components/moment.tsx";
import { Pager } from "../components/pager.tsx";
import { ActButton } from "../components/role-forms.tsx";
import type { Paging } from "../components/views.ts";

interface MailView {
  id: number;
  attempts: number;
  problem: string;
  nextAttemptAt: Date;
  expiresAt: Date;
  createdAt: Date;
  canRetry: boolean;
}

interface AdminMailPageProps {
  frame: Frame;
  notice: string | null;
  kind: "waiting" | "failed";
  /** How many there are of each kind. */
  totals: { waiting: number; failed: number };
  mails: readonly MailView[];
  paging: Paging;
  route: "provider" | "smtp" | "folder" | "none" | "unknown";
}

const ROUTES = {
  provider: "Mail goes to the provider that the Worker is configured with.",
  smtp: "Mail goes to the SMTP server that the gateway is configured with.",
  folder: "Mail is written to files in the folder of all state, as in development.",
  none: "",
  unknown: "The gateway, which sends the mail, doesn't answer; mail waits for it.",
};

export function AdminMailPage({ frame, notice, kind, totals, mails, paging, route }: AdminMailPageProps) {
  return (
    <AdminLayout frame={frame} current="mail" notice={notice}>
      <NoMailWarning canMail={route !== "none"} />
      {ROUTES[route] === "" ? null : <p>{ROUTES[route]}</p>}
      <nav aria-label="Which mail" class="tabs">
        <KindLink kind="waiting" current={kind} label={`${totals.waiting} waiting`} />
        <KindLink kind="failed" current={kind} label={`${totals.failed} given up`} />
      </nav>
      {mails.length === 0 ? <p class="facts">There is none.</p> : null}
      <ul class="list">
        {mails.map((mail) => (
          <MailItem frame={frame} mail={mail} kind={kind} />
        ))}
      </ul>
      <Pager paging={paging} />
    </AdminLayout>
  );
}

function KindLink(props: { kind: "waiting" | "failed"; current: string; label: string }) {
  const { kind, current, label } = props;
  return (
    <a
      href={`${adminSectionPath("mail")}?show=${kind}`}
      class="tab"
      aria-current={kind === current ? "page" : undefined}
    >
      {label}
    </a>
  );
}

function MailItem({ frame, mail, kind }: { frame: Frame; mail: MailView; kind: "waiting" | "failed" }) {
  const { now } = frame;
  const path = `${adminSectionPath("mail")}/${mail.id}`;
  const name = `mail ${mail.id}`;
  return (
    <li class="item tight">
      <div class="row">
        <span class="name">{name}</span>
        <span>{mail.attempts === 1 ? "1 attempt" : `${mail.attempts} attempts`}</span>
        <span class="facts">
          ordered <Moment at={mail.createdAt} now={now} />
          {kind === "failed" ? null : (
            <>
              , next attempt <Moment at={mail.nextAttemptAt} now={now} />
            </>
          )}
          , of use until <Moment at={mail.expiresAt} now={now} />
        </span>
      </div>
      {mail.problem === "" ? null : <p>{mail.problem}</p>}
      <div class="row">
        {mail.canRetry ? (
          <ActButton viewer={frame.viewer} action={`${path}/retry`} hidden={{}} label="Try now" of={name} />
        ) : (
          <span class="facts">too late to try again</span>
        )}
        <ConfirmedAct frame={frame} action={`${path}/drop`} label="Drop" of={name}>
          Nobody will get it.
        </ConfirmedAct>
      </div>
    </li>
  );
}
