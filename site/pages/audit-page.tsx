// The whole site's audit log, for its admins, or an organisation's, for its owners.
import { AdminLayout } from "../components/admin-layout.tsx";
import { AuditList, type AuditListProps } from "../components/audit-list.tsx";
import type { Frame } from "../components/frame.ts";
import { Layout } from "../components/layout.tsx";

export function AuditPage({ frame, title, list }: { frame: Frame; title: string; list: AuditListProps }) {
  return (
    <Layout frame={frame} title={title}>
      <h1>{title}</h1>
      <AuditList {...list} />
    </Layout>
  );
}

export function AdminAuditPage({ frame, list }: { frame: Frame; list: AuditListProps }) {
  return (
    <AdminLayout frame={frame} current="audit" title="Audit log of the site">
      <AuditList {...list} />
    </AdminLayout>
  );
}
