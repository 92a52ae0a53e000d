// The whole site's audit log, for its admins, or an organisation's, for its owners.
import { AdminLayout } from "../components/admin-layout.tsx";
import { AuditList, type AuditListProps } from "../components/audit-list.tsx";
import type { Frame } from "../components/frame.ts";
import { OrganizationLayout, type OrganizationView } from "../components/organization-layout.tsx";

interface OrganizationAuditPageProps {
  frame: Frame;
  organization: OrganizationView;
  list: AuditListProps;
}

export function OrganizationAuditPage({ frame, organization, list }: OrganizationAuditPageProps) {
  return (
    <OrganizationLayout {...{ frame, organization }} tab="audit" title="Audit log">
      <p>What was done in this organisation and to it, for 400 days.</p>
      <AuditList {...list} />
    </OrganizationLayout>
  );
}

export function AdminAuditPage({ frame, list }: { frame: Frame; list: AuditListProps }) {
  return (
    <AdminLayout frame={frame} current="audit" title="Audit log of the site">
      <AuditList {...list} />
    </AdminLayout>
  );
}
