// Asks before a one-time link is used up, so that a link preview's GET doesn't spend it.
import type { Frame } from "../components/frame.ts";

export interface OneTimeLinkPageProps {
  frame: Frame;
  username: string;
  /** Where the form posts to: the link's own path. */
  action: string;
  expiresAt: Date;
}
