// The list of repositories, and the form that makes one.
import { type Context, Hono } from "hono";
import { requireUser } from "../../workers/auth/require-user.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { ForgeError } from "../../workers/core/errors.ts";
import { readPage } from "../../workers/core/paging.ts";
import { createRepository, listVisibleRepositories } from "../../workers/repos/service.ts";
import { repositoryPath } from "../components/paths.ts";
import { makeFrame } from "../make-frame.ts";
import { HomePage } from "../pages/home-page.tsx";
import { NewRepositoryPage, type NewRepositoryPageProps } from "../pages/new-repository-page.tsx";
import { describePaging } from "../paging.ts";

const DESCRIPTION_CHARACTERS_MAX = 350;

export const homeRoutes = new Hono<AppEnv>()
  .get("/", async (context) => {
    const page = readPage(context.req.query());
    const listed = await listVisibleRepositories(context.get("database"), context.get("actor"), page);
    const paging = describePaging(context, page, listed.total);
    return context.html(
      <HomePage frame={makeFrame(context)} repositories={listed.repositories} paging={paging} />,
    );
  })
  .get("/new", (context) => {
    requireUser(context.get("actor"));
    const values = { name: "", description: "", isPrivate: false };
    return context.html(<NewRepositoryPage frame={makeFrame(context)} values={values} errors={{}} />);
  })
  .post("/new", async (context) => {
    const actor = requireUser(context.get("actor"));
    const values = await readForm(context);
    if (values.description.length > DESCRIPTION_CHARACTERS_MAX) {
      const problem = `A description has at most ${DESCRIPTION_CHARACTERS_MAX} characters.`;
      return answerForm(context, values, { description: problem });
    }
    try {
      const { name, description, isPrivate } = values;
      const repository = await createRepository(context.get("database"), actor, {
        ...{ name, description, visibility: isPrivate ? "private" : "public" },
      });
      return context.redirect(repositoryPath(repository), 303);
    } catch (error) {
      if (!(error instanceof ForgeError) || error.code !== "invalid") throw error;
      const [field] = error.fields;
      const problem =
        field?.code === "already_exists" ? "You have a repository of that name." : field?.message;
      return answerForm(context, values, problem === undefined ? { form: error.message } : { name: problem });
    }
  });

async function readForm(context: Context<AppEnv>): Promise<NewRepositoryPageProps["values"]> {
  const form = await context.req.parseBody();
  const text = (name: string) => {
    const value = form[name];
    return typeof value === "string" ? value.trim() : "";
  };
  return { name: text("name"), description: text("description"), isPrivate: text("private") !== "" };
}

function answerForm(
  context: Context<AppEnv>,
  values: NewRepositoryPageProps["values"],
  errors: NewRepositoryPageProps["errors"],
) {
  return context.html(<NewRepositoryPage frame={makeFrame(context)} values={values} errors={errors} />, 422);
}
