// The database role that the Worker and the gateway sign in as: it reads and writes rows, and adds to the audit log.
// Invariant: it owns nothing and can neither change nor remove what the audit log holds, nor what guards that.
import { Client } from "pg";

/** Rows of every table but the log are the programs' to change. */
const grants = `
  grant usage on schema public to %1$I;
  grant select, insert, update, delete on all tables in schema public to %1$I;
  grant usage, select on all sequences in schema public to %1$I;
  revoke all on public.audit_events from %1$I;
  grant select, insert on public.audit_events to %1$I;
  grant execute on function public.end_old_audit_events(integer) to %1$I;`;

/** What a role can do to the log, whichever way it came by it. */
const rights = `
  select role.rolsuper as "isSuperuser", role.rolcreaterole as "canMakeRoles",
    pg_has_role(role.oid, log.relowner, 'member') as "isOwner",
    has_any_column_privilege(role.oid, log.oid, 'update') as "canUpdate",
    has_table_privilege(role.oid, log.oid, 'delete') as "canDelete",
    has_table_privilege(role.oid, log.oid, 'truncate') as "canTruncate",
    has_table_privilege(role.oid, log.oid, 'trigger') as "canAddTriggers"
  from pg_roles role, pg_class log
  where role.rolname = $1 and log.oid = 'public.audit_events'::regclass`;

/**
 * Makes a role that can sign in and nothing more, or gives the one that is there the password.
 * @param ownerUrl a superuser's address of the database
 * @returns the role's address of the same database
 */
export async function makeApplicationRole(ownerUrl: string, name: string, password: string): Promise<string> {
  const owner = new Client({ connectionString: ownerUrl });
  await owner.connect();
  try {
    const found = await owner.query("select from pg_roles where rolname = $1", [name]);
    const verb = found.rowCount === 0 ? "create" : "alter";
    const may = "login nosuperuser nocreatedb nocreaterole noreplication nobypassrls";
    await owner.query(
      `${verb} role ${owner.escapeIdentifier(name)} with ${may} password ${owner.escapeLiteral(password)}`,
    );
  } finally {
    await owner.end();
  }
  const url = new URL(ownerUrl);
  url.username = name;
  url.password = encodeURIComponent(password);
  return url.href;
}

/**
 * Gives the role what the programs need of the tables as they are now. Done after every migration.
 * @param owner a connection of the role that owns the tables
 * @throws Error when there is no such role, or it could change the audit log all the same; nothing was granted then.
 */
export async function grantApplicationRole(owner: Client, name: string): Promise<void> {
  await owner.query("begin");
  try {
    const found = await owner.query("select from pg_roles where rolname = $1", [name]);
    if (found.rowCount === 0) throw new Error(`There is no database role ${name}.`);
    const { rows } = await owner.query<{ statements: string }>("select format($1, $2::text) as statements", [
      grants,
      name,
    ]);
    await owner.query(rows[0]?.statements ?? "");
    const held = await owner.query<Record<string, boolean>>(rights, [name]);
    const excess = Object.entries(held.rows[0] ?? {}).filter(([, isHeld]) => isHeld);
    if (excess.length > 0) {
      const names = excess.map(([right]) => right).join(", ");
      throw new Error(`The database role ${name} can change the audit log (${names}): use one that can't.`);
    }
    await owner.query("commit");
  } catch (error) {
    await owner.query("rollback");
    throw error;
  }
}
