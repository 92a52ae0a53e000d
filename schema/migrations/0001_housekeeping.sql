CREATE TABLE "sweeps" (
	"name" text PRIMARY KEY NOT NULL,
	"after_key" text DEFAULT '' NOT NULL,
	"pass_started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "packs" DROP CONSTRAINT "packs_state";--> statement-breakpoint
ALTER TABLE "packs" ADD COLUMN "retired_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "repositories" ADD COLUMN "pack_epoch" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "repositories" ADD COLUMN "housekeep_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "repositories" ADD COLUMN "housekeeping_until" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "repositories" ADD COLUMN "quota_bytes" bigint;--> statement-breakpoint
ALTER TABLE "repositories" ADD COLUMN "quota_objects" integer;--> statement-breakpoint
CREATE INDEX "packs_retired" ON "packs" USING btree ("retired_at") WHERE "packs"."state" <> 'live';--> statement-breakpoint
CREATE INDEX "repositories_housekeep" ON "repositories" USING btree ("housekeep_at") WHERE "repositories"."housekeep_at" IS NOT NULL;--> statement-breakpoint
ALTER TABLE "packs" ADD CONSTRAINT "packs_retired_at" CHECK (("packs"."state" = 'live') = ("packs"."retired_at" IS NULL));--> statement-breakpoint
ALTER TABLE "packs" ADD CONSTRAINT "packs_state" CHECK ("packs"."state" IN ('live', 'retired', 'deleting'));