// The answer when there is nothing else to show: what went wrong, and what to quote when asking about it.
import type { Frame } from "../components/frame.ts";

export interface ErrorPageProps {
  frame: Frame;
  status: 400 | 403 | 404 | 405 | 409 | 410 | 413 | 415 | 422 | 429 | 500 | 503;
  /** For the public, such as a ForgeError's message. */
  message: string;
  requestId: string;
}
