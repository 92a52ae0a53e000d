// Everybody who has an account here, for the site's admins: searched, filtered, and led to.
import { AdminLayout, adminPath, NoMailWarning, personAdminPath } from "../components/admin-layout.tsx";
import type { Frame } from "../components/frame.ts";
import { Moment } from "../components/moment.tsx";
import { Pager } from "../components/pager.tsx";
import { Select } from "../components/role-forms.tsx";
import { TextField } from "../components/text-field.tsx";
import type { Paging } from "../components/views.ts";

interface AdminPeoplePageProps {
  frame: Frame;
  people: readonly { username: string; isAdmin: boolean; suspendedAt: Date | null; createdAt: Date }[];
  search: string;
  filter: string;
  total: number;
  paging: Paging;
  canMail: boolean;
}

const FILTERS = [
  { value: "all", label: "everybody" },
  { value: "suspended", label: "shut out" },
  { value: "admins", label: "admins" },
];

export function AdminPeoplePage(props: AdminPeoplePageProps) {
  const { frame, people, search, filter, total, paging, canMail } = props;
  return (
    <AdminLayout frame={frame} current="people">
      <NoMailWarning canMail={canMail} />
      <form method="get" action={adminPath} class="fields">
        <TextField
          name="search"
          label="Name begins with, or email address is"
          value={search}
          required={false}
          error={undefined}
        />
        <p class="row">
          <label for="filter">Show</label>
          <Select id="filter" name="filter" choices={FILTERS} chosen={filter} />
        </p>
        <button type="submit">Search</button>
      </form>
      <p class="facts">{total === 1 ? "One person." : `${total} people.`}</p>
      <ul class="list">
        {people.map(({ username, isAdmin, suspendedAt, createdAt }) => (
          <li class="item row">
            <a href={personAdminPath(username)} class="name">
              {username}
            </a>
            {isAdmin ? <span class="tag">admin</span> : null}
            {suspendedAt === null ? null : <span class="tag">shut out</span>}
            <span class="facts end">
              since <Moment at={createdAt} now={frame.now} />
            </span>
          </li>
        ))}
      </ul>
      <Pager paging={paging} />
    </AdminLayout>
  );
}
