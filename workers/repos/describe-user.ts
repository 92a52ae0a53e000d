// A person or an organisation in the shape in which GitHub mentions one.
import { z } from "@hono/zod-openapi";

/** GitHub's `simple-user`: the fields named here, and the addresses that GitHub gives besides. */
export const simpleUserSchema = z
  .looseObject({
    login: z.string(),
    id: z.number().int(),
    node_id: z.string(),
    type: z.enum(["User", "Organization"]),
    site_admin: z.boolean(),
    url: z.string(),
    html_url: z.string(),
  })
  .openapi("SimpleUser");

interface MentionedUser {
  id: number;
  username: string;
  isAdmin?: boolean;
  kind?: "person" | "organization";
}

/** As `simpleUserSchema`. Nobody has a picture, so its address is an empty one. */
export function describeUser(user: MentionedUser, publicUrl: string): z.infer<typeof simpleUserSchema> {
  const url = `${publicUrl}/api/v3/users/${user.username}`;
  return {
    login: user.username,
    id: user.id,
    node_id: btoa(`04:User${user.id}`),
    type: user.kind === "organization" ? "Organization" : "User",
    site_admin: user.isAdmin ?? false,
    avatar_url: "data:,",
    gravatar_id: "",
    url,
    html_url: `${publicUrl}/${user.username}`,
    events_url: `${url}/events{/privacy}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    organizations_url: `${url}/orgs`,
    received_events_url: `${url}/received_events`,
    repos_url: `${url}/repos`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
  };
}
