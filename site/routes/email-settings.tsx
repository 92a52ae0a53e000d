// A person's own email addresses, and the links that say that an address is theirs.
import { type Context, Hono } from "hono";
import {
  type AccountServices,
  addEmail,
  listEmails,
  makePrimary,
  orderEmailChange,
  removeEmail,
  resendVerification,
  setEmailVisibility,
} from "../../workers/accounts/emails.ts";
import { takeEmailLink } from "../../workers/accounts/take-email-link.ts";
import { requireUser } from "../../workers/auth/require-user.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { notFound } from "../../workers/core/errors.ts";
import { sendSoon } from "../../workers/core/outbox.ts";
import { describeLink } from "../../workers/mail/links.ts";
import { takeMailRequest } from "../../workers/sign-in/limit-mail.ts";
import { lookUpNotice, settingsPath } from "../components/settings-layout.tsx";
import { confirmFirst } from "../confirm-first.ts";
import { hideLink } from "../hide-link.ts";
import { makeFrame } from "../make-frame.ts";
import { describeWait, makeServices } from "../make-services.ts";
import { EmailsPage, type EmailsPageProps } from "../pages/emails-page.tsx";
import { MailedLinkPage } from "../pages/mailed-link-page.tsx";
import { readIdParam } from "../read-id-param.ts";
import { readTextFields } from "../read-text-field.ts";

const emailsPath = settingsPath("emails");

const NOTICES = {
  added: "We have mailed a link to the address. Open it where you are signed in.",
  resent: "The link is on its way again.",
  verified: "The address is verified.",
  primary: "This is your primary address now.",
  shown: "Everybody sees the address on your profile.",
  hidden: "Nobody else sees the address.",
  removed: "The address is removed.",
  asked: "We have mailed a link to both addresses. Open both where you are signed in.",
  half: "This address has agreed. The other one has yet to.",
  changed: "Your primary address has changed.",
};

/** What the buttons of the list do. */
const ACTS = {
  resend: { done: "resent", needsProof: false, act: resendVerification },
  primary: { done: "primary", needsProof: true, act: makePrimary },
  remove: { done: "removed", needsProof: true, act: removeEmail },
  show: {
    done: "shown",
    needsProof: false,
    act: (services: AccountServices, id: number) => setEmailVisibility(services, id, true),
  },
  hide: {
    done: "hidden",
    needsProof: false,
    act: (services: AccountServices, id: number) => setEmailVisibility(services, id, false),
  },
} as const;

const LINKS = {
  email: { kind: "verify", done: "verified", title: "Is this address yours?" },
  old: { kind: "change-old", done: "changed", title: "Give up this address?" },
  new: { kind: "change-new", done: "changed", title: "Is this address yours?" },
} as const;

export const emailSettingsRoutes = new Hono<AppEnv>()
  .get(emailsPath, (context) => answerEmails(context, {}))
  .post(emailsPath, (context) => answerOrder(context, "added", addEmail))
  .post(`${emailsPath}/change`, (context) => answerOrder(context, "changed", orderEmailChange))
  .post(`${emailsPath}/:id/:act{resend|primary|remove|show|hide}`, async (context) => {
    const actor = requireUser(context.get("actor"));
    const { done, needsProof, act } = ACTS[readWord(context.req.param("act"), ACTS)];
    const first = needsProof ? await confirmFirst(context, emailsPath) : undefined;
    if (first) return first;
    const id = readIdParam(context.req.param("id"));
    const services = { ...makeServices(context), actor };
    if (done === "resent") {
      const email = (await listEmails(services.database, actor)).find((one) => one.id === id);
      const waitMs = email
        ? await takeMailRequest(services, { kind: "verify", recipient: email.address })
        : 0;
      if (waitMs > 0) return answerEmails(context, { errors: { form: tooMany(waitMs) } });
    }
    const end = await act(services, id);
    if (end.end === "unknown") throw notFound();
    if (end.end === "wrong") return answerEmails(context, { errors: { form: end.problem } });
    sendSoon(context);
    return context.redirect(`${emailsPath}?done=${done}`, 303);
  })
  .get("/verify/:word{email|old|new}/:secret", async (context) => {
    hideLink(context);
    const { kind, title } = LINKS[readWord(context.req.param("word"), LINKS)];
    const described = await describeLink(context.get("database"), kind, context.req.param("secret"));
    if (described.state !== "usable") return answerGone(context, described.state);
    const { username, address, userId } = described.link;
    const frame = makeFrame(context);
    const actor = context.get("actor");
    if (actor.kind !== "user" || actor.userId !== userId) {
      const sentence = `${address} is to be confirmed by the account ${username}. Sign in to it, and open this link again.`;
      const next = { href: "/login", label: "Sign in" };
      return context.html(<MailedLinkPage {...{ frame, title, sentence, form: null, next }} />, 403);
    }
    const sentence =
      kind === "change-old"
        ? `${address} is to make room for another address of ${username}.`
        : `${address} is to belong to ${username}.`;
    const form = { action: context.req.path, button: "Yes" };
    return context.html(<MailedLinkPage {...{ frame, title, sentence, form }} />);
  })
  .post("/verify/:word{email|old|new}/:secret", async (context) => {
    hideLink(context);
    const actor = requireUser(context.get("actor"));
    const { kind, done } = LINKS[readWord(context.req.param("word"), LINKS)];
    const end = await takeEmailLink({ ...makeServices(context), actor }, kind, context.req.param("secret"));
    if (end.end === "gone") return answerGone(context, end.why);
    sendSoon(context);
    return context.redirect(`${emailsPath}?done=${end.end === "half" ? "half" : done}`, 303);
  });

function readWord<Word extends string>(word: string, words: Record<Word, unknown>): Word {
  for (const known in words) if (known === word) return known;
  throw notFound();
}

async function answerOrder(
  context: Context<AppEnv>,
  field: "added" | "changed",
  order: typeof addEmail,
): Promise<Response> {
  const actor = requireUser(context.get("actor"));
  const first = await confirmFirst(context, emailsPath);
  if (first) return first;
  const address = (await readTextFields(context))("email").trim();
  const values = { added: "", changed: "", [field]: address };
  const services = { ...makeServices(context), actor };
  const waitMs = await takeMailRequest(services, { kind: "verify", recipient: address });
  const end =
    waitMs > 0 ? { end: "wrong" as const, problem: tooMany(waitMs) } : await order(services, address);
  if (end.end === "wrong") return answerEmails(context, { values, errors: { [field]: end.problem } });
  sendSoon(context);
  return context.redirect(`${emailsPath}?done=${field === "added" ? "added" : "asked"}`, 303);
}

const tooMany = (waitMs: number): string =>
  `That is too many mails for now. Try again ${describeWait(waitMs)}.`;

async function answerEmails(
  context: Context<AppEnv>,
  said: Partial<Pick<EmailsPageProps, "values" | "errors">>,
) {
  const actor = requireUser(context.get("actor"));
  const emails = await listEmails(context.get("database"), actor);
  const notice = lookUpNotice(NOTICES, context.req.query("done"));
  const { values = { added: "", changed: "" }, errors = {} } = said;
  return context.html(
    <EmailsPage {...{ frame: makeFrame(context), notice, emails, values, errors }} />,
    Object.keys(errors).length > 0 ? 422 : 200,
  );
}

const GONE = {
  used: "This link has been used. Each works once.",
  expired: "This link has expired. Ask for a new one.",
  unknown: "This is not a link that was made here. Check that it was copied whole.",
  unusable: "This link can't be taken here: it is used, expired, or of another account.",
  taken: "This address belongs to another account by now.",
  removed: "Your account doesn't have this address any more.",
} as const;

function answerGone(context: Context<AppEnv>, why: keyof typeof GONE) {
  const next = { href: emailsPath, label: "Your email addresses" };
  return context.html(
    <MailedLinkPage
      {...{ frame: makeFrame(context), title: "Nothing is changed", sentence: GONE[why], form: null, next }}
      isProblem
    />,
    410,
  );
}
