-- Takes one request of each key in turn, until one has none left, and tells of the one with the least left. What was
-- taken of those before a refusal stays taken.
CREATE FUNCTION take_requests(keys text[], requests_max integer[], per_ms bigint[])
RETURNS TABLE (
  wanted text[], "position" integer, is_allowed boolean, remaining integer,
  full_ms double precision, wait_ms double precision)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public AS $$
#variable_conflict use_variable
DECLARE
  taken record;
BEGIN
  wanted := keys;
  FOR at IN 1 .. cardinality(keys) LOOP
    SELECT * INTO taken FROM take_request(keys[at], requests_max[at], per_ms[at]);
    IF "position" IS NULL OR NOT taken.is_allowed OR taken.remaining < remaining THEN
      "position" := at;
      is_allowed := taken.is_allowed;
      remaining := taken.remaining;
      full_ms := taken.full_ms;
      wait_ms := taken.wait_ms;
    END IF;
    EXIT WHEN NOT taken.is_allowed;
  END LOOP;
  RETURN NEXT;
END $$;
--> statement-breakpoint
-- The audit log is added to and ends by its age: nothing of it is changed, and nothing younger than 400 days removed,
-- whichever of our programs tries.
CREATE FUNCTION keep_audit_events() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.created_at := now();
    RETURN NEW;
  END IF;
  IF TG_OP = 'DELETE' AND OLD.created_at < now() - interval '400 days' THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
--> statement-breakpoint
CREATE TRIGGER audit_events_append_only BEFORE INSERT OR UPDATE OR DELETE ON "audit_events"
  FOR EACH ROW EXECUTE FUNCTION keep_audit_events();
--> statement-breakpoint
CREATE TRIGGER audit_events_never_truncated BEFORE TRUNCATE ON "audit_events"
  FOR EACH STATEMENT EXECUTE FUNCTION keep_audit_events();
--> statement-breakpoint
REVOKE UPDATE, DELETE, TRUNCATE ON "audit_events" FROM PUBLIC;
