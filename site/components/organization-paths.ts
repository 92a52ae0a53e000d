// The addresses of owners' and organisations' pages. What comes from outside is encoded, as in paths.ts.

export const newOrganizationPath = "/organizations/new";
export const ownOrganizationsPath = "/settings/organizations";

export const ownerPath = (name: string): string => `/${encodeURIComponent(name)}`;

export type OrganizationPage = "people" | "teams" | "settings";

export const organizationPath = (name: string, page: OrganizationPage): string =>
  `/orgs/${encodeURIComponent(name)}/${page}`;

export const teamPath = (name: string, slug: string): string =>
  `${organizationPath(name, "teams")}/${encodeURIComponent(slug)}`;
