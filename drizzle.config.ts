// How `npx drizzle-kit generate` finds the tables and where it puts the migrations.
import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "postgresql",
  schema: "./schema/tables/*.ts",
  out: "./schema/migrations",
});
