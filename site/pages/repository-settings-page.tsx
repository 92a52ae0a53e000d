// A repository's general settings. Each form posts `act` and its own field to the page; what can't be undone asks for the
// repository's full name besides.
import { CsrfField } from "../components/form.tsx";
import type { Frame } from "../components/frame.ts";
import { Moment } from "../components/moment.tsx";
import { settingsPath } from "../components/paths.ts";
import { RepositorySettingsLayout } from "../components/repository-settings-layout.tsx";
import { type Choice, PostForm, Select } from "../components/role-forms.tsx";
import { TextField } from "../components/text-field.tsx";
import type { RepositoryView } from "../components/views.ts";

interface SettingsValues extends RepositoryView {
  visibility: string;
  defaultBranch: string;
  isArchived: boolean;
  ownerKind: "person" | "organization";
}

interface RepositorySettingsPageProps {
  frame: Frame;
  repository: SettingsValues;
  branches: readonly string[];
  /** What of `refs/` may be pushed. */
  namespaces: readonly string[];
  /** Whether the viewer may do more than say what it is for. */
  canAdminister: boolean;
  /** To whom it is on offer; for those who administer it. */
  offer: { id: number; recipient: string; expiresAt: Date } | undefined;
  notice: string | undefined;
  /** What was wrong, under the `act` of its form. */
  errors: Record<string, string | undefined>;
  /** What had been typed, by the name of its field. */
  typed: Record<string, string>;
}

export function RepositorySettingsPage(props: RepositorySettingsPageProps) {
  const { frame, repository, notice, errors, typed, canAdminister } = props;
  const { viewer } = frame;
  const action = settingsPath(repository);
  return (
    <RepositorySettingsLayout {...{ frame, repository, notice }} page="">
      {repository.isArchived ? (
        <p>It is archived: it can be read, given away and ended, and nothing else.</p>
      ) : (
        <PostForm {...{ viewer, action }} hidden={{ act: "describe" }} class="fields">
          <TextField
            {...{ name: "description", label: "Description", error: errors.describe, required: false }}
            value={typed.description ?? repository.description}
            maxlength={350}
          />
          <button type="submit">Save the description</button>
        </PostForm>
      )}
      {canAdminister && !repository.isArchived ? <AdminForms {...props} /> : null}
      {canAdminister ? <DangerZone {...props} /> : null}
    </RepositorySettingsLayout>
  );
}

function AdminForms({ frame, repository, branches, namespaces, errors, typed }: RepositorySettingsPageProps) {
  const { viewer } = frame;
  const action = settingsPath(repository);
  const branchChoices = branches.map((name) => ({ value: name, label: name }));
  return (
    <>
      <h2>Default branch</h2>
      {branches.length === 0 ? (
        <p>The first branch that is pushed will be it.</p>
      ) : (
        <PostForm {...{ viewer, action }} hidden={{ act: "default-branch" }}>
          <Select
            name="branch"
            label="Default branch"
            choices={branchChoices}
            chosen={repository.defaultBranch}
          />
          <button type="submit">Make it the default</button>
          <Problem error={errors["default-branch"]} />
        </PostForm>
      )}
      <PostForm {...{ viewer, action }} hidden={{ act: "rename" }} class="fields">
        <TextField
          {...{ name: "name", label: "Name", error: errors.rename, maxlength: 100 }}
          value={typed.name ?? repository.name}
          hint="Its old address leads here until another repository takes the name."
        />
        <button type="submit">Rename</button>
      </PostForm>
      <PostForm {...{ viewer, action }} hidden={{ act: "ref-namespaces" }} class="fields">
        <TextField
          {...{ name: "namespaces", label: "Refs that can be pushed", error: errors["ref-namespaces"] }}
          value={typed.namespaces ?? namespaces.join(" ")}
          hint="Words behind refs/, such as pull or meta. * stands for all others, for mirrors; only changes has to be named."
          maxlength={1000}
        />
        <button type="submit">Save the refs</button>
      </PostForm>
    </>
  );
}

const VISIBILITIES: Record<string, string> = {
  public: "public: everyone",
  internal: "internal: the organisation",
  private: "private: those let in",
};

function DangerZone({ frame, repository, offer, errors, typed }: RepositorySettingsPageProps) {
  const { viewer } = frame;
  const action = settingsPath(repository);
  const { isArchived, ownerKind, visibility } = repository;
  const fullName = `${repository.owner}/${repository.name}`;
  const choices: Choice[] = Object.entries(VISIBILITIES)
    .filter(([value]) => value !== "internal" || ownerKind === "organization")
    .map(([value, label]) => ({ value, label }));
  const confirm = (id: string) => (
    <TextField
      {...{ id, name: "confirm", error: undefined }}
      label={`To be sure, type ${fullName}`}
      maxlength={200}
    />
  );
  return (
    <section class="danger spread" aria-labelledby="danger">
      <h2 id="danger">Danger zone</h2>
      {isArchived ? null : (
        <PostForm {...{ viewer, action }} hidden={{ act: "visibility" }}>
          <Select name="visibility" label="Who sees it" choices={choices} chosen={visibility} />
          <button type="submit">Change who sees it</button>
          <Problem error={errors.visibility} />
        </PostForm>
      )}
      <form method="post" action={action} class="row">
        <CsrfField viewer={viewer} />
        <input type="hidden" name="act" value={isArchived ? "unarchive" : "archive"} />
        <button type="submit">{isArchived ? "Take it out of the archive" : "Archive it"}</button>
        <span class="hint">Nobody can push to what is archived.</span>
      </form>
      {offer === undefined ? (
        <PostForm {...{ viewer, action }} hidden={{ act: "transfer" }} class="fields">
          <TextField
            {...{ name: "owner", label: "New owner", value: typed.owner ?? "", error: errors.transfer }}
            hint="An organisation in which you may make repositories, yourself, or a person, who is asked first."
            maxlength={39}
          />
          {confirm("confirm-transfer")}
          <button type="submit">Give it to them</button>
        </PostForm>
      ) : (
        <PostForm {...{ viewer, action }} hidden={{ act: "take-back", id: String(offer.id) }}>
          <span>
            It is on offer to {offer.recipient} until <Moment at={offer.expiresAt} now={frame.now} />.
          </span>
          <button type="submit">Take the offer back</button>
          <Problem error={errors["take-back"]} />
        </PostForm>
      )}
      <PostForm {...{ viewer, action }} hidden={{ act: "delete" }} class="fields">
        <p>Deleting it ends its files, history, runs and settings, for good.</p>
        {confirm("confirm-delete")}
        <Problem error={errors.delete} />
        <button type="submit">Delete this repository</button>
      </PostForm>
    </section>
  );
}

function Problem({ error }: { error: string | undefined }) {
  return error === undefined ? null : (
    <p class="wrong" role="alert">
      ✗ {error}
    </p>
  );
}
