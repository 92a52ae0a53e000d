CREATE TABLE "message_failures" (
	"queue" text NOT NULL,
	"body_hash" text NOT NULL,
	"problem" text NOT NULL,
	"failed_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "message_failures_queue_body_hash_pk" PRIMARY KEY("queue","body_hash")
);
--> statement-breakpoint
ALTER TABLE "mails" DROP CONSTRAINT "mails_state";--> statement-breakpoint
ALTER TABLE "mails" DROP CONSTRAINT "mails_sealed";--> statement-breakpoint
DROP INDEX "dead_letters_waiting";--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "suspension_reason" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "dead_letters" ADD COLUMN "problem" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "dead_letters" ADD COLUMN "dropped_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "message_failures_failed" ON "message_failures" USING btree ("failed_at");--> statement-breakpoint
CREATE INDEX "mails_failed" ON "mails" USING btree ("id") WHERE "mails"."state" = 'failed';--> statement-breakpoint
CREATE INDEX "dead_letters_waiting" ON "dead_letters" USING btree ("id") WHERE "dead_letters"."replayed_at" IS NULL AND "dead_letters"."dropped_at" IS NULL;--> statement-breakpoint
ALTER TABLE "mails" ADD CONSTRAINT "mails_state" CHECK ("mails"."state" IN ('queued', 'sent', 'failed', 'needless', 'dropped'));--> statement-breakpoint
ALTER TABLE "mails" ADD CONSTRAINT "mails_sealed" CHECK (CASE "mails"."state" WHEN 'queued' THEN "mails"."sealed" IS NOT NULL WHEN 'failed' THEN true ELSE "mails"."sealed" IS NULL END);