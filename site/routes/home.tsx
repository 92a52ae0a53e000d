// The list of repositories, and the form that makes one.
import { type Context, Hono } from "hono";
import { requireUser } from "../../workers/auth/require-user.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { ForgeError } from "../../workers/core/errors.ts";
import { readOrigin } from "../../workers/core/origin.ts";
import { readPage } from "../../workers/core/paging.ts";
import { listPossibleOwners, requireOrganization } from "../../workers/orgs/organizations.ts";
import { createOrganizationRepository } from "../../workers/orgs/repositories.ts";
import { createRepository, listVisibleRepositories, type Repository } from "../../workers/repos/service.ts";
import { readSettings } from "../../workers/site-settings/service.ts";
import { repositoryPath } from "../components/paths.ts";
import { makeFrame } from "../make-frame.ts";
import { HomePage } from "../pages/home-page.tsx";
import { NewRepositoryPage, type NewRepositoryPageProps } from "../pages/new-repository-page.tsx";
import { describePaging } from "../paging.ts";
import { readTextFields } from "../read-text-field.ts";

const DESCRIPTION_CHARACTERS_MAX = 350;
const FIELDS = ["name", "description", "visibility"] as const;
const VISIBILITIES = ["public", "internal", "private"] as const;

export const homeRoutes = new Hono<AppEnv>()
  .get("/", async (context) => {
    const page = readPage(context.req.query());
    const listed = await listVisibleRepositories(context.get("database"), context.get("actor"), page);
    const paging = describePaging(context, page, listed.total);
    return context.html(
      <HomePage frame={makeFrame(context)} repositories={listed.repositories} paging={paging} />,
    );
  })
  .get("/new", async (context) => {
    requireUser(context.get("actor"));
    const { owner = "", name = "" } = context.req.query();
    const { defaultVisibility: visibility } = await readSettings(context.get("database").query);
    return answerForm(context, { owner, name, description: "", visibility }, {});
  })
  .post("/new", async (context) => {
    requireUser(context.get("actor"));
    const values = await readForm(context);
    if (values.description.length > DESCRIPTION_CHARACTERS_MAX) {
      const problem = `A description has at most ${DESCRIPTION_CHARACTERS_MAX} characters.`;
      return answerForm(context, values, { description: problem });
    }
    try {
      return context.redirect(repositoryPath(await make(context, values)), 303);
    } catch (error) {
      if (!(error instanceof ForgeError) || error.code !== "invalid") throw error;
      return answerForm(context, values, readProblem(error));
    }
  });

/** Each sentence by the field that it is about, or by the form where it is about none. */
function readProblem({ message, fields }: ForgeError): NewRepositoryPageProps["errors"] {
  const [wrong] = fields;
  const field = FIELDS.find((one) => one === wrong?.field);
  if (wrong === undefined || field === undefined) return { form: message };
  if (wrong.code === "already_exists") return { name: "The owner already has a repository of that name." };
  return { [field]: wrong.message ?? message };
}

async function make(context: Context<AppEnv>, values: NewRepositoryPageProps["values"]): Promise<Repository> {
  const database = context.get("database");
  const actor = requireUser(context.get("actor"));
  const { owner, ...wanted } = values;
  if (owner === "" || owner === actor.username) return createRepository(database, actor, wanted);
  const organization = await requireOrganization(database, actor, owner, "organization.create-repository");
  return createOrganizationRepository(database, actor, readOrigin(context), organization, wanted);
}

async function readForm(context: Context<AppEnv>): Promise<NewRepositoryPageProps["values"]> {
  const field = await readTextFields(context);
  const text = (name: string) => field(name).trim();
  const { defaultVisibility } = await readSettings(context.get("database").query);
  const visibility = VISIBILITIES.find((one) => one === text("visibility")) ?? defaultVisibility;
  return { owner: text("owner"), name: text("name"), description: text("description"), visibility };
}

async function answerForm(
  context: Context<AppEnv>,
  values: NewRepositoryPageProps["values"],
  errors: NewRepositoryPageProps["errors"],
) {
  const actor = requireUser(context.get("actor"));
  const owners = [actor.username, ...(await listPossibleOwners(context.get("database"), actor))];
  const page = (
    <NewRepositoryPage frame={makeFrame(context)} values={values} owners={owners} errors={errors} />
  );
  return context.html(page, Object.keys(errors).length === 0 ? 200 : 422);
}
