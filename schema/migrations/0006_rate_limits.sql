DROP INDEX "rate_limits_updated";--> statement-breakpoint
ALTER TABLE "rate_limits" DROP COLUMN "updated_at";--> statement-breakpoint
-- Limits needn't outlive a crash, and a row changes with every request: no log of it, and room to change in place.
ALTER TABLE "rate_limits" SET UNLOGGED;--> statement-breakpoint
ALTER TABLE "rate_limits" SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);--> statement-breakpoint
-- Takes one request of `wanted`, of which `requests_max` are allowed within `per_ms` (GCRA). It looks and takes under
-- the row's lock. A function, so that it can be asked in the statement that finds out who is asking.
CREATE FUNCTION take_request(wanted text, requests_max integer, per_ms bigint)
RETURNS TABLE (is_allowed boolean, remaining integer, full_ms double precision, wait_ms double precision)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public AS $$
#variable_conflict use_column
DECLARE
  step interval := (per_ms * 1000 / requests_max) * interval '1 microsecond';
  span interval := per_ms * interval '1 millisecond';
  asked timestamptz := clock_timestamp();
  arrival timestamptz;
BEGIN
  INSERT INTO rate_limits AS known (key, arrival_at) VALUES (wanted, asked + step)
  ON CONFLICT (key) DO UPDATE SET arrival_at = greatest(known.arrival_at, asked) + step
    WHERE greatest(known.arrival_at, asked) + step <= asked + span
  RETURNING known.arrival_at INTO arrival;
  is_allowed := FOUND;
  IF NOT is_allowed THEN
    SELECT known.arrival_at INTO arrival FROM rate_limits known WHERE known.key = wanted;
  END IF;
  full_ms := greatest(0, extract(epoch FROM arrival - asked) * 1000);
  remaining := greatest(0, floor(extract(epoch FROM asked + span - arrival) / extract(epoch FROM step)))::integer;
  wait_ms := CASE WHEN is_allowed THEN 0
    ELSE greatest(0, extract(epoch FROM arrival + step - asked - span) * 1000) END;
  RETURN NEXT;
END $$;
