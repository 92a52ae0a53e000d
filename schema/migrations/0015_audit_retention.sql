-- How long the audit log is kept is the site's setting, within bounds that no setting moves: whichever of our programs
-- asks, nothing younger than 90 days is removed.
CREATE FUNCTION audit_retention() RETURNS interval LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT make_interval(days => greatest(90, least(3650, coalesce(
    (SELECT (value #>> '{}')::integer FROM public.site_settings WHERE name = 'auditRetentionDays'), 400))))
$$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION keep_audit_events() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.created_at := now();
    RETURN NEW;
  END IF;
  IF TG_OP = 'DELETE' AND OLD.created_at < now() - public.audit_retention() THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION end_old_audit_events(rows_max integer) RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH ended AS (
    DELETE FROM public.audit_events WHERE id IN (
      SELECT id FROM public.audit_events WHERE created_at < now() - public.audit_retention()
      ORDER BY created_at LIMIT rows_max
    ) RETURNING 1
  ) SELECT count(*)::integer FROM ended
$$;
