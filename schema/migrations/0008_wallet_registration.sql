ALTER TABLE "sign_in_challenges" DROP CONSTRAINT "sign_in_challenges_kind";--> statement-breakpoint
ALTER TABLE "sign_in_challenges" ADD COLUMN "subject" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "sign_in_challenges" ADD CONSTRAINT "sign_in_challenges_kind" CHECK ("sign_in_challenges"."kind" IN ('siwe', 'wallet-register', 'passkey-register', 'passkey-sign-in'));