// What a person belongs to and is invited to. Posts `act` with the invitation's `id` or the organisation's `name`.
import type { Frame } from "../components/frame.ts";
import { Moment } from "../components/moment.tsx";
import { newOrganizationPath, ownerPath, ownOrganizationsPath } from "../components/organization-paths.ts";
import { Pager } from "../components/pager.tsx";
import { ActButton } from "../components/role-forms.tsx";
import { SettingsLayout } from "../components/settings-layout.tsx";
import { FormProblem } from "../components/text-field.tsx";
import type { Paging } from "../components/views.ts";

interface InvitationView {
  id: number;
  kind: "organization" | "repository";
  /** Such as `makers` or `makers/tools`. */
  to: string;
  role: string;
  inviter: string | null;
  expiresAt: Date;
}

interface OrganizationsPageProps {
  frame: Frame;
  notice: string | null;
  problem: string | undefined;
  organizations: readonly { name: string; role: string; isPublic: boolean }[];
  invitations: readonly InvitationView[];
  paging: Paging;
  /** Whether the viewer may make one. */
  mayCreate: boolean;
}

export function OrganizationsPage(props: OrganizationsPageProps) {
  const { frame, notice, problem, organizations, invitations, paging, mayCreate } = props;
  const { viewer } = frame;
  const act = (values: Record<string, string>, label: string, of: string) => (
    <ActButton viewer={viewer} action={ownOrganizationsPath} hidden={values} label={label} of={of} />
  );
  return (
    <SettingsLayout frame={frame} current="organizations" notice={notice}>
      <FormProblem problem={problem} />
      <h2>Invitations</h2>
      {invitations.length === 0 ? <p>Nobody has invited you to anything at the moment.</p> : null}
      <ul class="list">
        {invitations.map(({ id, kind, to, role, inviter, expiresAt }) => (
          <li class="item row">
            <span class="name">{to}</span>
            <span>as {role}</span>
            <span class="facts">
              {inviter === null ? null : `by ${inviter}, `}until <Moment at={expiresAt} now={frame.now} />
            </span>
            <span class="row end">
              {act({ act: "accept", kind, id: String(id) }, "Accept", to)}
              {act({ act: "decline", kind, id: String(id) }, "Decline", to)}
            </span>
          </li>
        ))}
      </ul>
      <h2>You belong to</h2>
      {organizations.length === 0 ? <p>No organisation yet.</p> : null}
      <ul class="list">
        {organizations.map(({ name, role, isPublic }) => (
          <li class="item row">
            <a href={ownerPath(name)} class="name">
              {name}
            </a>
            <span>{role}</span>
            <span class="facts">{isPublic ? "shown to everybody" : "known to its members only"}</span>
            <span class="row end">
              {role === "billing"
                ? null
                : act({ act: isPublic ? "hide" : "show", name }, isPublic ? "Hide" : "Show", name)}
              {act({ act: "leave", name }, "Leave", name)}
            </span>
          </li>
        ))}
      </ul>
      <Pager paging={paging} />
      {mayCreate ? (
        <p>
          <a href={newOrganizationPath}>New organisation</a>
        </p>
      ) : null}
    </SettingsLayout>
  );
}
