// What every page of the site's administration shares: the menu of them all, what was just done, and what was wrong.
import type { PropsWithChildren } from "hono/jsx";
import type { Frame } from "./frame.ts";
import { Layout } from "./layout.tsx";
import { PostForm } from "./role-forms.tsx";
import { FormProblem } from "./text-field.tsx";

// Not /admin: that is the page of whoever has this name, as the first admin of `npm start` has.
export const adminPath = "/site-admin";

const SECTIONS = {
  people: { label: "People", path: adminPath },
  settings: { label: "Settings", path: `${adminPath}/settings` },
  mail: { label: "Mail", path: `${adminPath}/mail` },
  queues: { label: "Queues", path: `${adminPath}/queues` },
  audit: { label: "Audit log", path: `${adminPath}/audit` },
} as const;

type AdminSection = keyof typeof SECTIONS;

export const adminSectionPath = (section: AdminSection): string => SECTIONS[section].path;
export const personAdminPath = (username: string): string => `${adminPath}/people/${username}`;

type AdminLayoutProps = PropsWithChildren<{
  frame: Frame;
  current: AdminSection;
  /** The section's own name where it is undefined. */
  title?: string;
  notice?: string | null;
  problem?: string | undefined;
}>;

export function AdminLayout({ frame, current, title, notice = null, problem, children }: AdminLayoutProps) {
  const heading = title ?? SECTIONS[current].label;
  return (
    <Layout frame={frame} title={`${heading} · Administration`}>
      <nav aria-label="Administration" class="tabs">
        {Object.entries(SECTIONS).map(([section, { label, path }]) => (
          <a href={path} class="tab" aria-current={section === current ? "page" : undefined}>
            {label}
          </a>
        ))}
      </nav>
      <h1>{heading}</h1>
      {notice === null ? null : (
        <p class="notice" role="status">
          ✓ {notice}
        </p>
      )}
      <FormProblem problem={problem} />
      {children}
    </Layout>
  );
}

/** Shown where nothing can be mailed. */
export function NoMailWarning({ canMail }: { canMail: boolean }) {
  return canMail ? null : (
    <p class="wrong">
      ✗ No mail can be sent from here. Nobody registers, signs in or gets a new password by mail until the
      gateway has <code>SMTP_URL</code> and <code>MAIL_FROM</code>, or the Worker <code>MAIL_HTTP_URL</code>,{" "}
      <code>MAIL_HTTP_KEY</code> and <code>MAIL_FROM</code>.
    </p>
  );
}

type ConfirmedActProps = PropsWithChildren<{
  frame: Frame;
  action: string;
  label: string;
  /** To whom or what, for those who hear the page. */
  of: string;
}>;

/** A button behind one that opens it, with what it will do in between. */
export function ConfirmedAct({ frame, action, label, of, children }: ConfirmedActProps) {
  return (
    <details>
      <summary aria-label={`${label}: ${of}`}>{label}</summary>
      <PostForm viewer={frame.viewer} action={action} class="tight">
        <p>{children}</p>
        <button type="submit" aria-label={`${label} now: ${of}`}>
          {label} now
        </button>
      </PostForm>
    </details>
  );
}
