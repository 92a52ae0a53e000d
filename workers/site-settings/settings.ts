// What the site's admins may set, with what holds where nothing was set. Invariant: each setting acts somewhere; none is
// stored that doesn't fit this.
import { z } from "zod";
import { isEmailAddress } from "../../schema/wire/mail.ts";
import {
  AUDIT_RETENTION_DAYS_MAX,
  AUDIT_RETENTION_DAYS_MIN,
  REGISTRATION_DOMAINS_MAX,
  SITE_BANNER_CHARACTERS_MAX,
  SITE_NAME_CHARACTERS_MAX,
} from "../core/limits.ts";

/** One line, without what nobody sees. */
export const VISIBLE_LINE = /^[^\p{Cc}\p{Cf}\u2028\u2029]*$/u;

/** A text of one line, without what nobody sees. */
const line = (charactersMax: number, noun: string) =>
  z
    .string()
    .trim()
    .max(charactersMax, `${noun} has at most ${charactersMax} characters.`)
    .regex(VISIBLE_LINE, `${noun} is one line of visible characters.`);

const days = `Events are kept from ${AUDIT_RETENTION_DAYS_MIN} to ${AUDIT_RETENTION_DAYS_MAX} days.`;

/** The domain of an address, whatever its case; none within another's. */
const domainSchema = z
  .string()
  .trim()
  .toLowerCase()
  .refine((domain) => isEmailAddress(`a@${domain}`), "This isn't the domain of an email address.");

export const siteSettingsSchema = z.object({
  /** Who may make an account: anybody, whoever was invited to an organisation, nobody. */
  registration: z.enum(["open", "invited", "closed"], "Choose one of those."),
  /** The domains that an address may have with which somebody registers; none for any. */
  registrationDomains: z
    .array(domainSchema)
    .max(REGISTRATION_DOMAINS_MAX, `There are at most ${REGISTRATION_DOMAINS_MAX} domains.`)
    .transform((domains) => [...new Set(domains)]),
  organizationCreation: z.enum(["everyone", "admins"], "Choose one of those."),
  /** What a new repository is unless its maker says otherwise. */
  defaultVisibility: z.enum(["public", "private"], "Choose one of those."),
  /** What the pages call this site. */
  siteName: line(SITE_NAME_CHARACTERS_MAX, "A name").min(1, "A site has a name."),
  /** Plain text above every page; empty for none. */
  banner: line(SITE_BANNER_CHARACTERS_MAX, "A banner"),
  auditRetentionDays: z
    .number(days)
    .int(days)
    .min(AUDIT_RETENTION_DAYS_MIN, days)
    .max(AUDIT_RETENTION_DAYS_MAX, days),
});
export type SiteSettings = z.infer<typeof siteSettingsSchema>;
export type SettingName = keyof SiteSettings;

export const DEFAULT_SETTINGS: SiteSettings = {
  registration: "open",
  registrationDomains: [],
  organizationCreation: "everyone",
  defaultVisibility: "public",
  siteName: "Plue",
  banner: "",
  auditRetentionDays: 400,
};
