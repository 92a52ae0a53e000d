ALTER TABLE "dead_letters" DISABLE ROW LEVEL SECURITY;--> statement-breakpoint
DROP TABLE "dead_letters" CASCADE;--> statement-breakpoint
DROP INDEX "audit_events_action";--> statement-breakpoint
ALTER TABLE "commit_statuses" ADD COLUMN "run_id" bigint;--> statement-breakpoint
ALTER TABLE "commit_statuses" ADD CONSTRAINT "commit_statuses_run_id_workflow_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."workflow_runs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "commit_statuses_run_unique" ON "commit_statuses" USING btree ("run_id","state");