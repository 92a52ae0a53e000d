ALTER TABLE "packs" ADD COLUMN "storage_key" text;--> statement-breakpoint
UPDATE "packs" SET "storage_key" = 'repos/' || "repository_id" || '/packs/' || "sha";--> statement-breakpoint
ALTER TABLE "packs" ALTER COLUMN "storage_key" SET NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "packs_storage_key_unique" ON "packs" USING btree ("storage_key");
