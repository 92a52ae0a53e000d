// How one signs in: with a one-time link. Also what is said of a link that didn't work.
import type { Frame } from "../components/frame.ts";

export interface SignInPageProps {
  frame: Frame;
  /** What was wrong with the link just followed; null when none was. */
  problem: "used" | "expired" | "unknown" | null;
}
