// What was done to one's account and by it.
import { AuditList, type AuditListProps } from "../components/audit-list.tsx";
import type { Frame } from "../components/frame.ts";
import { SettingsLayout } from "../components/settings-layout.tsx";

export function SecurityLogPage({ frame, list }: { frame: Frame; list: AuditListProps }) {
  return (
    <SettingsLayout frame={frame} current="security-log">
      <p>What was done to your account and by it, for 400 days.</p>
      <AuditList {...list} />
    </SettingsLayout>
  );
}
