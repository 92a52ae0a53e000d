// Who may do what to one repository: people, teams, open invitations. Posts `act`, and `username`, `team` or `id`.

import type { Frame } from "../components/frame.ts";
import { type OpenInvitation, OpenInvitations } from "../components/open-invitations.tsx";
import { ownerPath, teamPath } from "../components/organization-paths.ts";
import { Pager } from "../components/pager.tsx";
import { settingsPath } from "../components/paths.ts";
import { RepositorySettingsLayout } from "../components/repository-settings-layout.tsx";
import { ActButton, PostForm, REPOSITORY_ROLE_CHOICES, RoleForm, Select } from "../components/role-forms.tsx";
import { TextField } from "../components/text-field.tsx";
import type { Paging, RepositoryView } from "../components/views.ts";

interface RepositoryAccessPageProps {
  frame: Frame;
  repository: RepositoryView;
  notice: string | undefined;
  problem: string | undefined;
  invite: { username: string; error: string | undefined };
  /** Let in by name. */
  collaborators: readonly { username: string; role: string }[];
  teams: readonly { slug: string; name: string; role: string }[];
  invitations: readonly OpenInvitation[];
  /** Everybody with access, whatever gives it. */
  people: readonly { username: string; role: string }[];
  paging: Paging;
}

export function RepositoryAccessPage(props: RepositoryAccessPageProps) {
  const { frame, repository, notice, problem, invite, collaborators } = props;
  const { viewer } = frame;
  const action = settingsPath(repository, "access");
  return (
    <RepositorySettingsLayout {...{ frame, repository, notice, problem }} page="access">
      <PostForm viewer={viewer} action={action} hidden={{ act: "role" }} class="fields">
        <TextField
          {...{ name: "username", label: "Let somebody in", value: invite.username, error: invite.error }}
          hint="A username, or an email address. Members of the organisation are in at once, others when they accept."
          maxlength={254}
        />
        <p class="row">
          <Select name="role" label="As" choices={REPOSITORY_ROLE_CHOICES} />
          <button type="submit" class="main">
            Let in
          </button>
        </p>
      </PostForm>
      <h2>Let in by name</h2>
      {collaborators.length === 0 ? <p>Nobody.</p> : null}
      <ul class="list">
        {collaborators.map(({ username, role }) => (
          <li class="item row">
            <a href={ownerPath(username)} class="name">
              {username}
            </a>
            <span class="row end">
              <RoleForm
                {...{ viewer, action, hidden: { username }, of: username }}
                {...{ choices: REPOSITORY_ROLE_CHOICES, chosen: role }}
              />
              <ActButton
                {...{ viewer, action, hidden: { act: "remove", username }, label: "Remove", of: username }}
              />
            </span>
          </li>
        ))}
      </ul>
      <Others {...props} action={action} />
      <Pager paging={props.paging} />
    </RepositorySettingsLayout>
  );
}

function Others(props: RepositoryAccessPageProps & { action: string }) {
  const { frame, repository, teams, invitations, people, action } = props;
  return (
    <>
      {teams.length === 0 ? null : (
        <>
          <h2>Teams</h2>
          <ul class="list">
            {teams.map(({ slug, name, role }) => (
              <li class="item row">
                <a href={teamPath(repository.owner, slug)} class="name">
                  {name}
                </a>
                <span>{role}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      <OpenInvitations frame={frame} invitations={invitations} action={action} />
      <h2>Everybody with access</h2>
      <ul class="list">
        {people.map(({ username, role }) => (
          <li class="item row">
            <a href={ownerPath(username)} class="name">
              {username}
            </a>
            <span>{role}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
