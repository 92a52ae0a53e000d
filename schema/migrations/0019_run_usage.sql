CREATE TABLE "run_usage" (
	"owner_id" bigint PRIMARY KEY NOT NULL,
	"day" date NOT NULL,
	"reported_events" bigint NOT NULL,
	"reported_bytes" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "workflow_jobs" ADD COLUMN "reported_events" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "workflow_jobs" ADD COLUMN "reported_bytes" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "run_usage" ADD CONSTRAINT "run_usage_owner_id_users_id_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;