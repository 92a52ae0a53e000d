// How the site looks to a person: as their browser prefers, or always light, or always dark.

export const APPEARANCES = ["auto", "light", "dark"] as const;
export type Appearance = (typeof APPEARANCES)[number];
