// What an organisation's owners set: what is said of it, what members may, its name, its end. Posts `act` with each.

import { describedBy, Field } from "../components/form.tsx";
import type { Frame } from "../components/frame.ts";
import { OrganizationLayout, type OrganizationView } from "../components/organization-layout.tsx";
import { organizationPath } from "../components/organization-paths.ts";
import { PostForm, Select } from "../components/role-forms.tsx";
import { TextField } from "../components/text-field.tsx";

interface OrganizationSettingsPageProps {
  frame: Frame;
  organization: OrganizationView;
  notice: string | null;
  values: {
    location: string;
    website: string;
    billingEmail: string;
    baseRole: string;
    membersCanCreate: boolean;
  };
  errors: { website?: string; billingEmail?: string; rename?: string; delete?: string; form?: string };
}

const BASE_ROLES = [
  { value: "none", label: "none" },
  { value: "read", label: "read" },
  { value: "write", label: "write" },
  { value: "admin", label: "admin" },
];

export function OrganizationSettingsPage(props: OrganizationSettingsPageProps) {
  const { frame, organization, notice, values, errors } = props;
  const action = organizationPath(organization.name, "settings");
  const isOptional = { required: false };
  return (
    <OrganizationLayout
      {...{ frame, organization, notice, problem: errors.form }}
      tab="settings"
      title="Settings"
    >
      <PostForm viewer={frame.viewer} action={action} hidden={{ act: "change" }} class="fields">
        <TextField
          {...{ name: "name", label: "Shown name", value: organization.displayName, error: undefined }}
          {...{ ...isOptional, maxlength: 100 }}
        />
        <TextField
          {...{ name: "description", label: "Description", value: organization.description }}
          {...{ ...isOptional, error: undefined, maxlength: 300 }}
        />
        <TextField
          {...{ name: "location", label: "Location", value: values.location, error: undefined }}
          {...{ ...isOptional, maxlength: 100 }}
        />
        <TextField
          {...{ name: "website", label: "Website", type: "url", value: values.website }}
          {...{ ...isOptional, error: errors.website, maxlength: 300 }}
        />
        <TextField
          {...{ name: "billing_email", label: "Address for bills", type: "email" }}
          {...{ ...isOptional, value: values.billingEmail, error: errors.billingEmail, maxlength: 254 }}
        />
        <Field
          {...{ id: "base-role", label: "Base role of members", error: undefined }}
          hint="Teams and single repositories can give more."
        >
          <Select id="base-role" name="base_role" choices={BASE_ROLES} chosen={values.baseRole} />
        </Field>
        <p class="choice">
          <input
            type="checkbox"
            id="members-can-create"
            name="members_can_create"
            checked={values.membersCanCreate}
          />
          <label for="members-can-create">Members can create repositories</label>
        </p>
        <button type="submit" class="main">
          Save
        </button>
      </PostForm>
      <Ends {...props} action={action} />
    </OrganizationLayout>
  );
}

function Ends({ frame, organization, errors, action }: OrganizationSettingsPageProps & { action: string }) {
  return (
    <>
      <h2>Rename</h2>
      <PostForm viewer={frame.viewer} action={action} hidden={{ act: "rename" }} class="fields">
        <TextField
          {...{ name: "login", label: "Name", value: organization.name, error: errors.rename }}
          hint="Repositories move along; their old addresses lead to the new ones."
          maxlength={39}
        />
        <button type="submit">Rename</button>
      </PostForm>
      <h2>Delete</h2>
      <p>Only an organisation without repositories can be deleted. There is no way back.</p>
      <PostForm viewer={frame.viewer} action={action} hidden={{ act: "delete" }} class="fields">
        <TextField
          {...{ name: "confirmation", label: `Type ${organization.name} to delete it`, error: errors.delete }}
          maxlength={39}
        />
        <button type="submit" aria-describedby={describedBy("confirmation", { error: errors.delete })}>
          Delete this organisation
        </button>
      </PostForm>
    </>
  );
}
