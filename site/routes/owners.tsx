// The page of a person or an organisation. `/:owner` comes after every fixed first word.
import { Hono } from "hono";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { notFound } from "../../workers/core/errors.ts";
import { readPage } from "../../workers/core/paging.ts";
import { listKeysOf } from "../../workers/keys/service.ts";
import { listOrganizationsOf, requireOrganization } from "../../workers/orgs/organizations.ts";
import { requireOwner } from "../../workers/orgs/owners.ts";
import { listRepositoriesOf } from "../../workers/repos/service.ts";
import { makeFrame } from "../make-frame.ts";
import { OwnerPage } from "../pages/owner-page.tsx";
import { describePaging } from "../paging.ts";
import { viewOrganization } from "../view-organization.ts";

const SHOWN_MEMBERSHIPS = { per_page: "20" };

export const ownerRoutes = new Hono<AppEnv>();

/** The public SSH keys of a person, one a line, as `authorized_keys` has them. No name has a dot, so none is hidden by it. */
ownerRoutes.get("/:keys{[^/]+\\.keys}", async (context) => {
  const database = context.get("database");
  const owner = await requireOwner(database, context.req.param("keys").slice(0, -".keys".length));
  if (owner.kind !== "person") throw notFound();
  const keys = await listKeysOf(database, owner.username);
  return context.text(keys.map((key) => `${key.publicKey}\n`).join(""));
});

ownerRoutes.get("/:owner", async (context) => {
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
