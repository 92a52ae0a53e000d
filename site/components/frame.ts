// What every page is told besides its own content: who looks, when, and where the assets are.
import type { Appearance } from "../../schema/appearance.ts";

/** The person signed in; `csrfToken` is the session's, sent back by every form as `_csrf`. */
export interface Viewer {
  username: string;
  /** Whether the pages of the site's administration are there for them. */
  isAdmin: boolean;
  csrfToken: string;
  /** How many invitations and offers of repositories wait for their answer. */
  waiting: { invitations: number; transfers: number };
  /** Of this rendering of the page; a form that is sent twice with it acts once. */
  formKey: string;
}

export interface Frame {
  viewer: Viewer | null;
  appearance: Appearance;
  /** Addresses of the stylesheet and of the scripts that some pages have, such as `/assets/run-3fa9.js`. */
  assets: {
    css: string;
    runScript: string;
    signInScript: string;
    walletScript: string;
    passkeyScript: string;
  };
  version: string;
  /** The origin people reach this Plue at, without a slash at its end: `http://localhost:4000`. */
  publicUrl: string;
  /** What its admins call the site, and what they tell everybody; empty for nothing. */
  site: { name: string; banner: string };
  /** The moment of rendering, which relative times are counted from. */
  now: Date;
}
