CREATE TABLE "repository_gaps" (
	"repository_id" bigint PRIMARY KEY NOT NULL,
	"problem" text NOT NULL,
	"found_at" timestamp with time zone DEFAULT now() NOT NULL,
	"checked_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "packs" ADD COLUMN "graph_version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "repository_gaps" ADD CONSTRAINT "repository_gaps_repository_id_repositories_id_fk" FOREIGN KEY ("repository_id") REFERENCES "public"."repositories"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "packs_old_graph" ON "packs" USING btree ("repository_id") WHERE "packs"."graph_version" < 2;