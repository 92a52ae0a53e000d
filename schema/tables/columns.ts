// Column builders that every table shares, so that ids and timestamps are the same everywhere.
import { bigint, customType, timestamp } from "drizzle-orm/pg-core";

/** `id bigint generated always as identity`; numbers stay far below 2^53, so they read as `number`. */
export const identity = () => bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity();

/** A bigint reference column read as `number`. */
export const reference = (name: string) => bigint(name, { mode: "number" });

/** A timestamptz read as `Date`. */
export const moment = (name: string) => timestamp(name, { withTimezone: true });

export const createdAt = () => moment("created_at").notNull().defaultNow();
export const updatedAt = () => moment("updated_at").notNull().defaultNow();

/** Text that sorts and compares by its bytes, whatever the database's own collation. */
export const bytewiseText = customType<{ data: string }>({ dataType: () => 'text COLLATE "C"' });
