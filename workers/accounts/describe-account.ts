// Accounts and their addresses in GitHub's shapes: `public-user`, `private-user` and `email`.
import { z } from "@hono/zod-openapi";
import { formatTime } from "../core/format-time.ts";
import { describeUser, simpleUserSchema } from "../repos/describe-user.ts";
import type { OwnEmail } from "./emails.ts";
import type { Profile } from "./service.ts";

export const accountSchema = simpleUserSchema
  .extend({
    name: z.string().nullable(),
    blog: z.string().nullable(),
    location: z.string().nullable(),
    email: z.string().nullable(),
    bio: z.string().nullable(),
    public_repos: z.number().int(),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .openapi("User");

const orNull = (text: string): string | null => (text === "" ? null : text);

/** What anybody may read of an account. What GitHub has and Plue hasn't is null, nothing or none. */
export function describeAccount(profile: Profile, publicUrl: string) {
  return {
    ...describeUser(profile, publicUrl),
    name: orNull(profile.displayName),
    company: null,
    blog: orNull(profile.website),
    location: orNull(profile.location),
    email: profile.publicEmail,
    hireable: null,
    bio: orNull(profile.bio),
    public_repos: profile.publicRepositories,
    ...{ public_gists: 0, followers: 0, following: 0 },
    created_at: formatTime(profile.createdAt),
    updated_at: formatTime(profile.updatedAt),
  };
}

/** Also what only its owner may. */
export function describeOwnAccount(profile: Profile, privateRepositories: number, publicUrl: string) {
  return {
    ...describeAccount(profile, publicUrl),
    total_private_repos: privateRepositories,
    owned_private_repos: privateRepositories,
    ...{ private_gists: 0, disk_usage: 0, collaborators: 0, two_factor_authentication: false },
  };
}

export const emailSchema = z
  .object({
    email: z.string(),
    primary: z.boolean(),
    verified: z.boolean(),
    visibility: z.enum(["public", "private"]).nullable(),
  })
  .openapi("Email");

/** GitHub tells the visibility of the primary address alone. */
export function describeEmail(email: OwnEmail): z.infer<typeof emailSchema> {
  const visibility = email.isPublic ? "public" : email.isPrimary ? "private" : null;
  return {
    email: email.address,
    primary: email.isPrimary,
    verified: email.verifiedAt !== null,
    visibility,
  };
}
