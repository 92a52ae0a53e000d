// The signed-in user, under GitHub's path.
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { AppEnv } from "../core/app-env.ts";
import { errorResponses } from "../core/validation.ts";
import { requireUser } from "./require-user.ts";

const userSchema = z
  .object({
    login: z.string(),
    id: z.number().int(),
    type: z.literal("User"),
    site_admin: z.boolean(),
  })
  .openapi("User");

const userRoute = createRoute({
  method: "get",
  path: "/user",
  summary: "Whose credentials these are",
  responses: {
    200: { description: "The user", content: { "application/json": { schema: userSchema } } },
    ...errorResponses(401, 403),
  },
});

/** Mounted at /api/v3. */
export const accountRoutes = new OpenAPIHono<AppEnv>().openapi(userRoute, (context) => {
  const actor = requireUser(context.get("actor"));
  if (actor.credential.kind === "token") context.header("X-OAuth-Scopes", actor.credential.scopes.join(", "));
  return context.json(
    {
      login: actor.username,
      id: actor.userId,
      type: "User" as const,
      site_admin: actor.isAdmin,
    },
    200,
  );
});
