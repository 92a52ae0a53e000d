CREATE TABLE "kept_texts" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "kept_texts_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"user_id" bigint NOT NULL,
	"key_hash" text NOT NULL,
	"sealed" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "kept_texts_key_hash_unique" UNIQUE("key_hash"),
	CONSTRAINT "kept_texts_length" CHECK (length("kept_texts"."sealed") <= 200000)
);
--> statement-breakpoint
ALTER TABLE "kept_texts" ADD CONSTRAINT "kept_texts_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "kept_texts_user" ON "kept_texts" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "kept_texts_expiry" ON "kept_texts" USING btree ("expires_at");