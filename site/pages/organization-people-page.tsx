// Who belongs to an organisation; its owners invite, change and remove here. Posts `act`, and `username` or `id`.

import type { Frame } from "../components/frame.ts";
import { type OpenInvitation, OpenInvitations } from "../components/open-invitations.tsx";
import { OrganizationLayout, type OrganizationView } from "../components/organization-layout.tsx";
import { organizationPath, ownerPath } from "../components/organization-paths.ts";
import { Pager } from "../components/pager.tsx";
import {
  ActButton,
  ORGANIZATION_ROLE_CHOICES,
  PostForm,
  RoleForm,
  Select,
} from "../components/role-forms.tsx";
import { TextField } from "../components/text-field.tsx";
import type { Paging } from "../components/views.ts";

interface OrganizationPeoplePageProps {
  frame: Frame;
  organization: OrganizationView;
  notice: string | null;
  problem: string | undefined;
  /** What was typed to invite somebody, and what was wrong with it. */
  invite: { username: string; error: string | undefined };
  members: readonly { username: string; displayName: string; role: string; isPublic: boolean }[];
  paging: Paging;
  /** For owners: the teams an invitee may join at once, the open invitations, and outside collaborators. */
  teams: readonly { id: number; slug: string }[];
  invitations: readonly OpenInvitation[];
  outside: readonly { username: string; repositories: number }[];
}

export function OrganizationPeoplePage(props: OrganizationPeoplePageProps) {
  const { frame, organization, notice, problem, members, paging } = props;
  const action = organizationPath(organization.name, "people");
  return (
    <OrganizationLayout {...{ frame, organization, notice, problem }} tab="people" title="People">
      {organization.isOwner ? <InviteForm {...props} action={action} /> : null}
      {members.length === 0 ? <p>Nobody shows that they belong to it.</p> : null}
      <ul class="list">
        {members.map(({ username, displayName, role, isPublic }) => (
          <li class="item row">
            <a href={ownerPath(username)} class="name">
              {username}
            </a>
            <bdi>{displayName}</bdi>
            {organization.isMember ? <span>{role}</span> : null}
            <span class="facts">{isPublic || !organization.isMember ? null : "known to members only"}</span>
            {organization.isOwner ? (
              <span class="row end">
                <RoleForm
                  {...{ viewer: frame.viewer, action, hidden: { username }, of: username }}
                  {...{ choices: ORGANIZATION_ROLE_CHOICES, chosen: role }}
                />
                <ActButton
                  {...{ viewer: frame.viewer, action, hidden: { username, act: "remove" } }}
                  {...{ label: "Remove", of: username }}
                />
              </span>
            ) : null}
          </li>
        ))}
      </ul>
      <Pager paging={paging} />
      {organization.isOwner ? <Access {...props} action={action} /> : null}
    </OrganizationLayout>
  );
}

function InviteForm(props: OrganizationPeoplePageProps & { action: string }) {
  const { frame, invite, teams, action } = props;
  const choices = [
    { value: "", label: "no team" },
    ...teams.map((team) => ({ value: String(team.id), label: team.slug })),
  ];
  return (
    <PostForm viewer={frame.viewer} action={action} hidden={{ act: "invite" }} class="fields">
      <TextField
        {...{ name: "username", label: "Invite", value: invite.username, error: invite.error }}
        hint="A username, or an email address. Nothing is given before they accept, within a week."
        maxlength={254}
      />
      <p class="row">
        <Select name="role" label="As" choices={ORGANIZATION_ROLE_CHOICES} />
        <Select name="team" label="Into the team" choices={choices} />
        <button type="submit" class="main">
          Invite
        </button>
      </p>
    </PostForm>
  );
}

function Access(props: OrganizationPeoplePageProps & { action: string }) {
  const { frame, invitations, outside, action } = props;
  const { viewer } = frame;
  return (
    <>
      <OpenInvitations frame={frame} invitations={invitations} action={action} />
      <h2>Outside collaborators</h2>
      {outside.length === 0 ? <p>None.</p> : null}
      <ul class="list">
        {outside.map(({ username, repositories }) => (
          <li class="item row">
            <a href={ownerPath(username)} class="name">
              {username}
            </a>
            <span>
              in {repositories} {repositories === 1 ? "repository" : "repositories"}
            </span>
            <span class="end">
              <ActButton
                {...{ viewer, action, hidden: { act: "remove-outside", username } }}
                {...{ label: "Remove", of: username }}
              />
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
