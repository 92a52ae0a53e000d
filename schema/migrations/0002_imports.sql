CREATE TABLE "imports" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "imports_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"repository_id" bigint NOT NULL,
	"actor_id" bigint NOT NULL,
	"format" text NOT NULL,
	"is_forced" boolean DEFAULT false NOT NULL,
	"size_bytes" bigint NOT NULL,
	"part_bytes" integer NOT NULL,
	"refs" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"state" text DEFAULT 'uploading' NOT NULL,
	"phase" text,
	"done" bigint DEFAULT 0 NOT NULL,
	"total" bigint DEFAULT 0 NOT NULL,
	"attempt" integer DEFAULT 0 NOT NULL,
	"lease_until" timestamp with time zone,
	"part_etags" jsonb,
	"has_parts" boolean DEFAULT true NOT NULL,
	"failure" text,
	"result" jsonb,
	"operation_id" bigint,
	"expires_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "imports_format" CHECK ("imports"."format" IN ('bundle', 'pack')),
	CONSTRAINT "imports_state" CHECK ("imports"."state" IN ('uploading', 'queued', 'indexing', 'done', 'failed', 'aborted', 'expired')),
	CONSTRAINT "imports_phase" CHECK ("imports"."phase" IN ('scanning', 'resolving', 'storing'))
);
--> statement-breakpoint
ALTER TABLE "imports" ADD CONSTRAINT "imports_repository_id_repositories_id_fk" FOREIGN KEY ("repository_id") REFERENCES "public"."repositories"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "imports" ADD CONSTRAINT "imports_actor_id_users_id_fk" FOREIGN KEY ("actor_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "imports" ADD CONSTRAINT "imports_operation_id_ref_operations_id_fk" FOREIGN KEY ("operation_id") REFERENCES "public"."ref_operations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "imports_repository" ON "imports" USING btree ("repository_id","id");--> statement-breakpoint
CREATE INDEX "imports_actor" ON "imports" USING btree ("actor_id");--> statement-breakpoint
CREATE INDEX "imports_operation" ON "imports" USING btree ("operation_id");--> statement-breakpoint
CREATE INDEX "imports_unfinished" ON "imports" USING btree ("id") WHERE "imports"."has_parts";