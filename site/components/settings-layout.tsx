// What every page of a person's own settings shares: the menu of them all, and the notice of what was just done.
// Invariant: a notice is looked up by a word in a fixed table; no text from an address is ever shown.
import type { PropsWithChildren } from "hono/jsx";
import type { Frame } from "./frame.ts";
import { Layout } from "./layout.tsx";

const SECTIONS = {
  profile: "Profile",
  emails: "Email addresses",
  password: "Password",
  passkeys: "Passkeys",
  wallets: "Wallets",
  sessions: "Sessions",
  tokens: "API tokens",
  keys: "SSH keys",
  "security-log": "Security log",
  appearance: "Appearance",
  organizations: "Organisations",
  transfers: "Transfers",
  account: "Account",
} as const;

type SettingsSection = keyof typeof SECTIONS;

export const settingsPath = (section: SettingsSection): string => `/settings/${section}`;

type SettingsLayoutProps = PropsWithChildren<{
  frame: Frame;
  current: SettingsSection;
  /** What was just done, in a sentence of the page's own table; null for nothing. */
  notice?: string | null;
  /** The address of a script that the page can do without. */
  script?: string;
}>;

/** A page at `/settings/<current>`, with its heading, the menu before it and the notice under it. */
export function SettingsLayout({ frame, current, notice = null, script, children }: SettingsLayoutProps) {
  return (
    <Layout
      frame={frame}
      title={`${SECTIONS[current]} · Settings`}
      {...(script === undefined ? {} : { script })}
    >
      <nav aria-label="Settings" class="tabs">
        {Object.entries(SECTIONS).map(([section, label]) => (
          <a
            href={`/settings/${section}`}
            class="tab"
            aria-current={section === current ? "page" : undefined}
          >
            {label}
          </a>
        ))}
      </nav>
      <h1>{SECTIONS[current]}</h1>
      {notice === null ? null : (
        <p class="notice" role="status">
          ✓ {notice}
        </p>
      )}
      {children}
    </Layout>
  );
}

/** The sentence that `word` stands for, from `?done=<word>`; null where the table has none. */
export function lookUpNotice(
  notices: Readonly<Record<string, string>>,
  word: string | undefined,
): string | null {
  return word !== undefined && Object.hasOwn(notices, word) ? (notices[word] ?? null) : null;
}
