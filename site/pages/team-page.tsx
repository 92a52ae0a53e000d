// One team: its people, what it has, the teams within it. Posts `act` with `username`, `repository` or what is changed.
import type { Frame } from "../components/frame.ts";
import { OrganizationLayout, type OrganizationView } from "../components/organization-layout.tsx";
import { ownerPath, teamPath } from "../components/organization-paths.ts";
import { Pager } from "../components/pager.tsx";
import { repositoryPath } from "../components/paths.ts";
import {
  ActButton,
  type Choice,
  PostForm,
  REPOSITORY_ROLE_CHOICES,
  RoleForm,
  Select,
} from "../components/role-forms.tsx";
import { TextField } from "../components/text-field.tsx";
import type { Paging } from "../components/views.ts";
import type { TeamView } from "./organization-teams-page.tsx";

interface TeamPageProps {
  frame: Frame;
  organization: OrganizationView;
  team: TeamView;
  notice: string | null;
  problem: string | undefined;
  /** Whether the viewer may change who is in it, and whether they may change the team itself. */
  canMaintain: boolean;
  canAdminister: boolean;
  members: readonly { username: string; role: string; isInherited: boolean }[];
  repositories: readonly {
    owner: string;
    name: string;
    role: string;
    isInherited: boolean;
    canAdminister: boolean;
  }[];
  children: readonly { slug: string; name: string }[];
  paging: Paging;
}

const TEAM_ROLES: Choice[] = [
  { value: "member", label: "member" },
  { value: "maintainer", label: "maintainer" },
];

export function TeamPage(props: TeamPageProps) {
  const { frame, organization, team, notice, problem, children: within, paging } = props;
  const action = teamPath(organization.name, team.slug);
  return (
    <OrganizationLayout {...{ frame, organization, notice, problem }} tab="teams" title={team.name}>
      <p class="row">
        {team.privacy === "secret" ? <span class="tag">secret</span> : null}
        {team.parentSlug === null ? null : (
          <span>
            within <a href={teamPath(organization.name, team.parentSlug)}>{team.parentSlug}</a>
          </span>
        )}
        <bdi>{team.description}</bdi>
      </p>
      <h2>People</h2>
      <People {...props} action={action} />
      <h2>Repositories</h2>
      <Repositories {...props} action={action} />
      {within.length === 0 ? null : (
        <>
          <h2>Teams within it</h2>
          <ul class="list">
            {within.map((child) => (
              <li class="item">
                <a href={teamPath(organization.name, child.slug)}>{child.name}</a>
              </li>
            ))}
          </ul>
        </>
      )}
      <Pager paging={paging} />
      {props.canMaintain ? <Change {...props} action={action} /> : null}
    </OrganizationLayout>
  );
}

function People({ frame, members, canMaintain, action }: TeamPageProps & { action: string }) {
  const { viewer } = frame;
  return (
    <>
      <ul class="list">
        {members.map(({ username, role, isInherited }) => (
          <li class="item row">
            <a href={ownerPath(username)} class="name">
              {username}
            </a>
            <span>{isInherited ? "in a team within it" : role}</span>
            {isInherited ? null : (
              <span class="row end">
                {canMaintain ? (
                  <RoleForm
                    {...{ viewer, action, hidden: { username }, of: username }}
                    {...{ choices: TEAM_ROLES, chosen: role }}
                  />
                ) : null}
                {canMaintain || viewer?.username === username ? (
                  <ActButton
                    {...{ viewer, action, hidden: { act: "remove", username } }}
                    {...{ label: "Take out", of: username }}
                  />
                ) : null}
              </span>
            )}
          </li>
        ))}
      </ul>
      {canMaintain ? (
        <PostForm viewer={viewer} action={action} hidden={{ act: "role" }} class="fields">
          <TextField {...{ name: "username", label: "Take in", error: undefined, maxlength: 39 }} />
          <p class="row">
            <Select name="role" label="As" choices={TEAM_ROLES} />
            <button type="submit">Take in</button>
          </p>
        </PostForm>
      ) : null}
    </>
  );
}

function Repositories(props: TeamPageProps & { action: string }) {
  const { frame, organization, repositories, action } = props;
  const { viewer } = frame;
  return (
    <>
      <ul class="list">
        {repositories.map(({ owner, name, role, isInherited, canAdminister }) => (
          <li class="item row">
            <a href={repositoryPath({ owner, name })} class="name">
              {owner}/{name}
            </a>
            <span>
              {role}
              {isInherited ? ", by a team above" : ""}
            </span>
            {isInherited || !canAdminister ? null : (
              <span class="row end">
                <PostForm viewer={viewer} action={action} hidden={{ act: "lend", repository: name }}>
                  <Select
                    {...{ name: "role", label: `Role in ${name}`, chosen: role }}
                    choices={REPOSITORY_ROLE_CHOICES}
                  />
                  <button type="submit" aria-label={`Change the role in ${name}`}>
                    Change
                  </button>
                </PostForm>
                <ActButton
                  {...{ viewer, action, hidden: { act: "take-back", repository: name } }}
                  {...{ label: "Take back", of: name }}
                />
              </span>
            )}
          </li>
        ))}
      </ul>
      {organization.isMember ? (
        <PostForm viewer={viewer} action={action} hidden={{ act: "lend" }} class="fields">
          <TextField
            {...{ name: "repository", label: "Lend a repository", error: undefined, maxlength: 100 }}
            hint="Its name in this organisation. Who administers it may lend it."
          />
          <p class="row">
            <Select name="role" label="With the role" choices={REPOSITORY_ROLE_CHOICES} />
            <button type="submit">Lend</button>
          </p>
        </PostForm>
      ) : null}
    </>
  );
}

function Change({ frame, team, canAdminister, action }: TeamPageProps & { action: string }) {
  const { viewer } = frame;
  return (
    <>
      <h2>The team itself</h2>
      <PostForm viewer={viewer} action={action} hidden={{ act: "change" }} class="fields">
        {canAdminister ? (
          <TextField
            {...{ name: "name", label: "Name", value: team.name, error: undefined, maxlength: 100 }}
          />
        ) : null}
        <TextField
          {...{ name: "description", label: "Description", value: team.description, error: undefined }}
          {...{ required: false, maxlength: 300 }}
        />
        <button type="submit">Save</button>
      </PostForm>
      {canAdminister ? (
        <>
          <p>Teams within it stay, without what they had through it.</p>
          <ActButton {...{ viewer, action, hidden: { act: "delete" } }} label="End this team" />
        </>
      ) : null}
    </>
  );
}
