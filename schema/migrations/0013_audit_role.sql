-- The one way that events leave the audit log: by their age. It runs as its owner, who migrates the database, so that the
-- programs' own role needs no right to remove anything. At most `rows_max` go in a call; says how many went.
CREATE FUNCTION end_old_audit_events(rows_max integer) RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH ended AS (
    DELETE FROM public.audit_events WHERE id IN (
      SELECT id FROM public.audit_events WHERE created_at < now() - interval '400 days'
      ORDER BY created_at LIMIT rows_max
    ) RETURNING 1
  ) SELECT count(*)::integer FROM ended
$$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION end_old_audit_events(integer) FROM PUBLIC;
