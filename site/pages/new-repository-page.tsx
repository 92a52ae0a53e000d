// The form that makes a repository. Posts `name`, `description`, `private` (`on` or absent) and `_csrf` to /new.
import type { Frame } from "../components/frame.ts";

export interface NewRepositoryPageProps {
  frame: Frame;
  /** What was posted before, so that nothing has to be typed twice; empty at first. */
  values: { name: string; description: string; isPrivate: boolean };
  /** One sentence for each field that was wrong; `form` for what belongs to none. */
  errors: { name?: string; description?: string; form?: string };
}
