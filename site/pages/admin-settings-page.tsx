// The settings of the whole site. Posts every field to `/site-admin/settings`.
import { AdminLayout, adminSectionPath } from "../components/admin-layout.tsx";
import { describedBy, Field } from "../components/form.tsx";
import type { Frame } from "../components/frame.ts";
import { PostForm } from "../components/role-forms.tsx";
import { TextField } from "../components/text-field.tsx";

const FIELDS = [
  "registration",
  "registrationDomains",
  "organizationCreation",
  "defaultVisibility",
  "siteName",
  "banner",
  "auditRetentionDays",
] as const;
type SettingField = (typeof FIELDS)[number];

export interface AdminSettingsPageProps {
  frame: Frame;
  notice: string | null;
  /** As they are typed: domains one a line. */
  values: Record<SettingField, string>;
  errors: Partial<Record<SettingField, string>>;
  bounds: { nameMax: number; bannerMax: number; daysMin: number; daysMax: number };
}

const REGISTRATION = [
  { value: "open", label: "Everybody may register" },
  { value: "invited", label: "Whoever was invited to an organisation or a repository by mail" },
  { value: "closed", label: "Nobody may register" },
];
const CREATION = [
  { value: "everyone", label: "Everybody" },
  { value: "admins", label: "The site's admins" },
];
const VISIBILITY = [
  { value: "public", label: "Public" },
  { value: "private", label: "Private" },
];

export function AdminSettingsPage({ frame, notice, values, errors, bounds }: AdminSettingsPageProps) {
  const wrong = Object.keys(errors).length > 0 ? "Nothing was saved: see below." : undefined;
  return (
    <AdminLayout frame={frame} current="settings" notice={notice} problem={wrong}>
      <PostForm viewer={frame.viewer} action={adminSectionPath("settings")} class="fields">
        <Choice
          {...{ name: "registration", legend: "Who may register", choices: REGISTRATION }}
          {...{ chosen: values.registration, error: errors.registration }}
        />
        <Domains value={values.registrationDomains} error={errors.registrationDomains} />
        <Choice
          {...{ name: "organizationCreation", legend: "Who makes organisations", choices: CREATION }}
          {...{ chosen: values.organizationCreation, error: errors.organizationCreation }}
        />
        <Choice
          {...{ name: "defaultVisibility", legend: "New repositories, unless their maker says otherwise" }}
          {...{ choices: VISIBILITY, chosen: values.defaultVisibility, error: errors.defaultVisibility }}
        />
        <TextField
          {...{ name: "siteName", label: "Name of the site", value: values.siteName, error: errors.siteName }}
          {...{ maxlength: bounds.nameMax, hint: "At the head of every page and in its title." }}
        />
        <TextField
          {...{
            name: "banner",
            label: "Announcement (optional)",
            value: values.banner,
            error: errors.banner,
          }}
          {...{
            maxlength: bounds.bannerMax,
            required: false,
            hint: "Plain text, shown to everybody on every page.",
          }}
        />
        <TextField
          {...{ name: "auditRetentionDays", label: "Days that the audit log is kept" }}
          {...{ value: values.auditRetentionDays, error: errors.auditRetentionDays, maxlength: 4 }}
          hint={`From ${bounds.daysMin} to ${bounds.daysMax}. With fewer, what is older goes within minutes, for good.`}
        />
        <button type="submit" class="main">
          Save
        </button>
      </PostForm>
    </AdminLayout>
  );
}

interface ChoiceProps {
  name: SettingField;
  legend: string;
  choices: readonly { value: string; label: string }[];
  chosen: string;
  error: string | undefined;
}

function Choice({ name, legend, choices, chosen, error }: ChoiceProps) {
  return (
    <fieldset class="tight" aria-describedby={error === undefined ? undefined : `${name}-error`}>
      <legend>{legend}</legend>
      {choices.map(({ value, label }) => (
        <div class="choice">
          <input type="radio" id={`${name}-${value}`} name={name} value={value} checked={chosen === value} />
          <label for={`${name}-${value}`}>{label}</label>
        </div>
      ))}
      {error === undefined ? null : (
        <p id={`${name}-error`} class="wrong">
          ✗ {error}
        </p>
      )}
    </fieldset>
  );
}

function Domains({ value, error }: { value: string; error: string | undefined }) {
  const id = "registrationDomains";
  return (
    <Field
      id={id}
      label="Domains of the addresses that may register (optional)"
      hint="One a line, such as example.com. Then nobody registers by wallet, since a wallet shows no address."
      error={error}
    >
      <textarea
        id={id}
        class="entry"
        name={id}
        rows={3}
        autocapitalize="none"
        spellcheck={false}
        aria-invalid={error === undefined ? undefined : "true"}
        aria-describedby={describedBy(id, { hint: true, error })}
      >
        {value}
      </textarea>
    </Field>
  );
}
