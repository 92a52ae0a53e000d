// How the site looks to the person signed in. Posts `appearance` and `_csrf` to its own address.
import { APPEARANCES, type Appearance } from "../../schema/appearance.ts";
import { CsrfField } from "../components/form.tsx";
import type { Frame } from "../components/frame.ts";
import { SettingsLayout, settingsPath } from "../components/settings-layout.tsx";

const LABELS: Record<Appearance, string> = {
  auto: "As the browser prefers",
  light: "Black on white",
  dark: "White on black",
};

export function AppearancePage({ frame, notice }: { frame: Frame; notice: string | null }) {
  return (
    <SettingsLayout frame={frame} current="appearance" notice={notice}>
      <form method="post" action={settingsPath("appearance")} class="fields">
        <CsrfField viewer={frame.viewer} />
        <fieldset>
          <legend>Colours</legend>
          {APPEARANCES.map((appearance) => (
            <div class="choice">
              <input
                type="radio"
                id={`appearance-${appearance}`}
                name="appearance"
                value={appearance}
                checked={frame.appearance === appearance}
              />
              <label for={`appearance-${appearance}`}>{LABELS[appearance]}</label>
            </div>
          ))}
        </fieldset>
        <button type="submit" class="main">
          Save appearance
        </button>
      </form>
    </SettingsLayout>
  );
}
