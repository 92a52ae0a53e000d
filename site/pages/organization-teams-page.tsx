// An organisation's teams, and for its owners the form that makes one. Posts `name`, `description`, `parent`, `privacy`.
import type { Frame } from "../components/frame.ts";
import { OrganizationLayout, type OrganizationView } from "../components/organization-layout.tsx";
import { organizationPath, teamPath } from "../components/organization-paths.ts";
import { Pager } from "../components/pager.tsx";
import { PostForm, Select } from "../components/role-forms.tsx";
import { TextField } from "../components/text-field.tsx";
import type { Paging } from "../components/views.ts";

export interface TeamView {
  id: number;
  slug: string;
  name: string;
  description: string;
  privacy: "closed" | "secret";
  parentSlug: string | null;
  members: number;
  repositories: number;
}

interface OrganizationTeamsPageProps {
  frame: Frame;
  organization: OrganizationView;
  notice: string | null;
  teams: readonly TeamView[];
  paging: Paging;
  form: { name: string; description: string; error: string | undefined };
}

export function OrganizationTeamsPage(props: OrganizationTeamsPageProps) {
  const { frame, organization, notice, teams, paging, form } = props;
  const { name } = organization;
  const parents = [
    { value: "", label: "within no other" },
    ...teams
      .filter((team) => team.privacy === "closed")
      .map((team) => ({ value: String(team.id), label: `within ${team.slug}` })),
  ];
  return (
    <OrganizationLayout {...{ frame, organization, notice }} tab="teams" title="Teams">
      {teams.length === 0 ? <p>There is no team yet.</p> : null}
      <ul class="list">
        {teams.map((team) => (
          <li class="item row">
            <a href={teamPath(name, team.slug)} class="name">
              {team.name}
            </a>
            {team.privacy === "secret" ? <span class="tag">secret</span> : null}
            {team.parentSlug === null ? null : <span>within {team.parentSlug}</span>}
            <bdi>{team.description}</bdi>
            <span class="facts end">
              {team.members} people, {team.repositories} repositories
            </span>
          </li>
        ))}
      </ul>
      <Pager paging={paging} />
      {organization.isOwner ? (
        <>
          <h2>New team</h2>
          <PostForm viewer={frame.viewer} action={organizationPath(name, "teams")} class="fields">
            <TextField name="name" label="Name" value={form.name} error={form.error} maxlength={100} />
            <TextField
              {...{ name: "description", label: "Description (optional)", value: form.description }}
              {...{ error: undefined, required: false, maxlength: 300 }}
            />
            <p class="row">
              <Select name="parent" label="Where it lies" choices={parents} />
              <Select
                name="privacy"
                label="Who sees it"
                choices={[
                  { value: "closed", label: "every member sees it" },
                  { value: "secret", label: "its own members see it" },
                ]}
              />
              <button type="submit" class="main">
                Make the team
              </button>
            </p>
          </PostForm>
        </>
      ) : null}
    </OrganizationLayout>
  );
}
