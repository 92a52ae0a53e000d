// What an organisation's owners set.
import { type Context, Hono } from "hono";
import { z } from "zod";
import { requireUser } from "../../workers/auth/require-user.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { notFound } from "../../workers/core/errors.ts";
import { readOrigin } from "../../workers/core/origin.ts";
import {
  changeOrganization,
  deleteOrganization,
  type Organization,
  renameOrganization,
  requireOrganization,
} from "../../workers/orgs/organizations.ts";
import { organizationPath, ownOrganizationsPath } from "../components/organization-paths.ts";
import { lookUpNotice } from "../components/settings-layout.tsx";
import { confirmFirst } from "../confirm-first.ts";
import { expectRefusal } from "../expect-refusal.ts";
import { makeFrame } from "../make-frame.ts";
import { OrganizationSettingsPage } from "../pages/organization-settings-page.tsx";
import { readTextFields } from "../read-text-field.ts";
import { viewOrganization } from "../view-organization.ts";

const NOTICES = { change: "Saved.", rename: "It is called so now." };

type Errors = Parameters<typeof OrganizationSettingsPage>[0]["errors"];
type Field = (name: string) => string;

export const organizationSettingsRoutes = new Hono<AppEnv>()
  .get("/orgs/:org/settings", async (context) =>
    answerPage(context, await findOrganization(context, context.req.param("org")), {}),
  )
  .post("/orgs/:org/settings", async (context) => {
    const organization = await findOrganization(context, context.req.param("org"));
    const field = await readTextFields(context);
    const act = field("act");
    if (act === "change") return change(context, organization, field);
    const first = await confirmFirst(context, organizationPath(organization.name, "settings"));
    if (first) return first;
    if (act === "rename") return rename(context, organization, field("login").trim());
    if (act !== "delete") throw notFound();
    const confirmation = field("confirmation").trim();
    const actor = requireUser(context.get("actor"));
    const problem = await expectRefusal(() =>
      deleteOrganization(context.get("database"), actor, readOrigin(context), organization, confirmation),
    );
    if (problem !== undefined) return answerPage(context, organization, { delete: problem });
    return context.redirect(ownOrganizationsPath, 303);
  });

async function findOrganization(context: Context<AppEnv>, name: string): Promise<Organization> {
  const actor = requireUser(context.get("actor"));
  return requireOrganization(context.get("database"), actor, name, "organization.administer");
}

const formSchema = z.object({
  displayName: z.string().max(100),
  description: z.string().max(300),
  location: z.string().max(100),
  website: z.union([z.literal(""), z.url({ protocol: /^https?$/ }).max(300)]),
  billingEmail: z.union([z.literal(""), z.email().max(254)]),
  baseRole: z.enum(["none", "read", "write", "admin"]),
  membersCanCreate: z.boolean(),
});

async function change(context: Context<AppEnv>, organization: Organization, field: Field) {
  const actor = requireUser(context.get("actor"));
  const text = (name: string) => field(name).trim();
  const posted = formSchema.safeParse({
    ...{ displayName: text("name"), description: text("description"), location: text("location") },
    ...{ website: text("website"), billingEmail: text("billing_email"), baseRole: text("base_role") },
    membersCanCreate: text("members_can_create") !== "",
  });
  if (!posted.success) {
    const wrong = new Set(posted.error.issues.map((issue) => issue.path[0]));
    return answerPage(context, organization, {
      ...(wrong.has("website") ? { website: "This isn't the address of a website." } : {}),
      ...(wrong.has("billingEmail") ? { billingEmail: "This isn't an email address." } : {}),
      form: "It wasn't saved: something is too long or not valid.",
    });
  }
  await changeOrganization(context.get("database"), actor, readOrigin(context), organization, posted.data);
  return context.redirect(`${organizationPath(organization.name, "settings")}?done=change`, 303);
}

async function rename(context: Context<AppEnv>, organization: Organization, name: string) {
  const actor = requireUser(context.get("actor"));
  const problem = await expectRefusal(() =>
    renameOrganization(context.get("database"), actor, readOrigin(context), organization, name),
  );
  if (problem !== undefined) return answerPage(context, organization, { rename: problem });
  return context.redirect(`${organizationPath(name, "settings")}?done=rename`, 303);
}

function answerPage(context: Context<AppEnv>, organization: Organization, errors: Errors) {
  return context.html(
    <OrganizationSettingsPage
      frame={makeFrame(context)}
      organization={viewOrganization(organization, context.get("actor"))}
      notice={lookUpNotice(NOTICES, context.req.query("done"))}
      values={organization}
      errors={errors}
    />,
    Object.keys(errors).length === 0 ? 200 : 422,
  );
}
