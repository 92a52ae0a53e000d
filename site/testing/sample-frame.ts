// What every page of a test is given.
import type { Frame } from "../components/frame.ts";
import type { RepositoryView } from "../components/views.ts";

export const NOW = new Date("2026-11-21T12:00:00.000Z");

export const SIGNED_IN: Frame = {
  appearance: "auto",
  viewer: {
    username: "admin",
    isAdmin: true,
    csrfToken: "the-token",
    formKey: "the-key",
    waiting: { invitations: 0, transfers: 0 },
  },
  assets: {
    css: "/assets/main.css",
    runScript: "/assets/run.js",
    signInScript: "/assets/sign-in.js",
    walletScript: "/assets/wallet.js",
    passkeyScript: "/assets/passkey.js",
  },
  version: "test",
  publicUrl: "http://localhost:4000",
  site: { name: "Plue", banner: "" },
  now: NOW,
};

export const SIGNED_OUT: Frame = { ...SIGNED_IN, viewer: null };

export const DEMO: RepositoryView = {
  owner: "admin",
  name: "demo",
  description: "",
  isPrivate: false,
  pushedAt: null,
};
