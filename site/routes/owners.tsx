// The page of a person or an organisation. `/:owner` comes after every fixed first word.
import { Hono } from "hono";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { readPage } from "../../workers/core/paging.ts";
import { listOrganizationsOf, requireOrganization } from "../../workers/orgs/organizations.ts";
import { requireOwner } from "../../workers/orgs/owners.ts";
import { listRepositoriesOf } from "../../workers/repos/service.ts";
import { makeFrame } from "../make-frame.ts";
import { OwnerPage } from "../pages/owner-page.tsx";
import { describePaging } from "../paging.ts";
import { viewOrganization } from "../view-organization.ts";

const SHOWN_MEMBERSHIPS = { per_page: "20" };

export const ownerRoutes = new Hono<AppEnv>().get("/:owner", async (context) => {
  const database = context.get("database");
  const actor = context.get("actor");
  const owner = await requireOwner(database, context.req.param("owner"));
  const organization =
    owner.kind === "organization"
      ? await requireOrganization(database, actor, owner.username, "organization.read")
      : null;
  const page = readPage(context.req.query());
  const { repositories, total } = await listRepositoriesOf(database, actor, owner.id, page);
  const memberships =
    organization === null
      ? await listOrganizationsOf(database, owner.id, "public", readPage(SHOWN_MEMBERSHIPS))
      : { organizations: [] };
  return context.html(
    <OwnerPage
      frame={makeFrame(context)}
      owner={owner}
      organization={organization === null ? null : viewOrganization(organization, actor)}
      memberships={memberships.organizations.map((one) => one.name)}
      repositories={repositories}
      total={total}
      paging={describePaging(context, page, total)}
    />,
  );
});
