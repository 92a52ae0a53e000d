// One person, for the site's admins: the account's state, how its owner gets in, what can be done to it, what was done.
// Posts to `/site-admin/people/:name/{suspend,restore,make-admin,end-admin,reset,end-sessions,revoke-tokens}`.
import { AdminLayout, ConfirmedAct, personAdminPath } from "../components/admin-layout.tsx";
import { AuditList, type AuditListProps } from "../components/audit-list.tsx";
import type { Frame } from "../components/frame.ts";
import { Moment } from "../components/moment.tsx";
import { ActButton, PostForm } from "../components/role-forms.tsx";
import { TextField } from "../components/text-field.tsx";

interface PersonView {
  username: string;
  displayName: string;
  isAdmin: boolean;
  suspendedAt: Date | null;
  suspensionReason: string;
  createdAt: Date;
  lastUsedAt: Date | null;
  hasPassword: boolean;
  hasPrimaryAddress: boolean;
  addressCount: number;
  walletCount: number;
  passkeyCount: number;
  sshKeyCount: number;
  sessionCount: number;
  tokenCount: number;
}

interface AdminPersonPageProps {
  frame: Frame;
  person: PersonView;
  notice: string | null;
  problem: string | undefined;
  /** What was wrong with the reason that was typed, and what it was. */
  reason: { value: string; problem: string | undefined };
  canMail: boolean;
  list: AuditListProps;
}

export function AdminPersonPage(props: AdminPersonPageProps) {
  const { frame, person, notice, problem, list } = props;
  return (
    <AdminLayout frame={frame} current="people" title={person.username} notice={notice} problem={problem}>
      <Facts frame={frame} person={person} />
      {person.username === frame.viewer?.username ? (
        <p>
          This is your own account: see your <a href="/settings">settings</a>.
        </p>
      ) : (
        <Acts {...props} />
      )}
      <h2>What was done by and to them</h2>
      <AuditList {...list} />
    </AdminLayout>
  );
}

function Facts({ frame, person }: { frame: Frame; person: PersonView }) {
  const { suspendedAt, suspensionReason, lastUsedAt } = person;
  const ways = [
    count(person.passkeyCount, "passkey"),
    count(person.walletCount, "wallet"),
    count(person.addressCount, "confirmed address", "confirmed addresses"),
    person.hasPassword ? "a password" : "no password",
  ];
  const holds = [
    count(person.sessionCount, "session"),
    count(person.tokenCount, "API token"),
    count(person.sshKeyCount, "SSH key"),
  ];
  return (
    <>
      <p class="row">
        {person.displayName === "" ? null : <span>{person.displayName}</span>}
        {person.isAdmin ? <span class="tag">admin</span> : null}
        {suspendedAt === null ? null : <span class="tag">shut out</span>}
        <a href={`/${person.username}`}>Their page</a>
      </p>
      {suspendedAt === null ? null : (
        <p>
          Shut out <Moment at={suspendedAt} now={frame.now} />
          {suspensionReason === "" ? "." : `: ${suspensionReason}`}
        </p>
      )}
      <p class="facts">
        Here since <Moment at={person.createdAt} now={frame.now} />
        {", "}
        {lastUsedAt === null ? (
          "never seen"
        ) : (
          <>
            last seen <Moment at={lastUsedAt} now={frame.now} />
          </>
        )}
        .
      </p>
      <p class="facts">Ways in: {ways.join(", ")}.</p>
      <p class="facts">Holds: {holds.join(", ")}.</p>
    </>
  );
}

function Acts({ frame, person, reason, canMail }: AdminPersonPageProps) {
  const { username } = person;
  const path = personAdminPath(username);
  const isOut = person.suspendedAt !== null;
  return (
    <>
      <h2>{isOut ? "Let in again" : "Shut out"}</h2>
      <PostForm viewer={frame.viewer} action={`${path}/${isOut ? "restore" : "suspend"}`} class="fields">
        <TextField
          name="reason"
          label={isOut ? "Why (optional)" : "Why"}
          value={reason.value}
          hint={
            isOut
              ? "Sessions and tokens they had work again. End those below first if they shouldn't."
              : "They are out of pages, git and the API at once. Admins see the reason, and so does their own log."
          }
          required={!isOut}
          maxlength={300}
          error={reason.problem}
        />
        <button type="submit">{isOut ? "Let in again" : "Shut out"}</button>
      </PostForm>
      <h2>Administration</h2>
      <AdminOffer frame={frame} person={person} />
      <h2>New password</h2>
      <ResetOffer frame={frame} person={person} canMail={canMail} />
      <h2>What they hold</h2>
      {person.sessionCount === 0 ? <p class="facts">They aren't signed in anywhere.</p> : null}
      {person.sessionCount === 0 ? null : (
        <ConfirmedAct frame={frame} action={`${path}/end-sessions`} label="End all sessions" of={username}>
          Signs {username} out of {count(person.sessionCount, "browser")}.
        </ConfirmedAct>
      )}
      {person.tokenCount === 0 ? <p class="facts">They have no API token.</p> : null}
      {person.tokenCount === 0 ? null : (
        <ConfirmedAct
          frame={frame}
          action={`${path}/revoke-tokens`}
          label="Revoke all API tokens"
          of={username}
        >
          Ends {count(person.tokenCount, "token")} for good; what uses them stops working.
        </ConfirmedAct>
      )}
    </>
  );
}

function AdminOffer({ frame, person }: { frame: Frame; person: PersonView }) {
  const { username } = person;
  const path = personAdminPath(username);
  if (person.isAdmin) {
    return (
      <ConfirmedAct frame={frame} action={`${path}/end-admin`} label="End being an admin" of={username}>
        {username} stays a person like others, and is signed out.
      </ConfirmedAct>
    );
  }
  if (person.suspendedAt !== null) return <p class="facts">Let them in first.</p>;
  return (
    <ConfirmedAct frame={frame} action={`${path}/make-admin`} label="Make them an admin" of={username}>
      {username} may do all that you may, to you too, and sees every repository. They are signed out first.
    </ConfirmedAct>
  );
}

function ResetOffer({ frame, person, canMail }: { frame: Frame; person: PersonView; canMail: boolean }) {
  if (!canMail) return <p class="facts">No mail can be sent from here.</p>;
  if (person.suspendedAt !== null)
    return <p class="facts">A link would not let them in while they are shut out.</p>;
  if (!person.hasPrimaryAddress) {
    return <p class="facts">They have no confirmed email address that a link could be sent to.</p>;
  }
  return (
    <>
      <p>
        Mails them the link that they would get from “Forgotten?”. You don't see it; setting a password with
        it ends their sessions.
      </p>
      <ActButton
        viewer={frame.viewer}
        action={`${personAdminPath(person.username)}/reset`}
        hidden={{}}
        label="Mail a reset link"
      />
    </>
  );
}

const count = (number: number, one: string, many = `${one}s`): string =>
  number === 0 ? `no ${one}` : `${number} ${number === 1 ? one : many}`;
