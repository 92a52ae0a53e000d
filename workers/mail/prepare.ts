// Turns an order into the mail that is written: finds out whom it concerns and makes the link it brings.
import type { Executor } from "../core/db.ts";
import { findNamedInvitation, makeInvitationLink } from "../repos/invitation-mail.ts";
import type { Invitation } from "../repos/invitations.ts";
import { findOffer } from "../repos/transfer-offers.ts";
import * as compose from "./compose.ts";
import { type LinkKind, makeLink } from "./links.ts";
import type { MailOrder, Message } from "./order.ts";
import * as store from "./store.ts";

interface Prepared {
  message: Message;
  /** When its link ends; null for a mail without one. */
  expiresAt: Date | null;
}

type OrderOf<Kind extends MailOrder["kind"]> = Extract<MailOrder, { kind: Kind }>;

/** Within the transaction that stores the result; undefined when nobody is to get anything. */
export async function prepareMail(
  transaction: Executor,
  publicUrl: string,
  order: MailOrder,
): Promise<Prepared | undefined> {
  switch (order.kind) {
    case "message":
      return { message: order, expiresAt: null };
    case "register":
      return prepareRegistration(transaction, publicUrl, order);
    case "sign-in":
    case "reset":
      return prepareEntry(transaction, publicUrl, order);
    case "verify":
      return prepareVerification(transaction, publicUrl, order);
    case "change-old":
    case "change-new":
      return prepareChange(transaction, publicUrl, { ...order, kind: order.kind });
    case "news":
      return prepareNews(transaction, publicUrl, order);
    case "farewell":
      return {
        message: compose.writeFarewell({ ...order, to: order.address, publicUrl }),
        expiresAt: null,
      };
    case "invitation":
      return prepareInvitation(transaction, publicUrl, order);
    case "transfer":
      return prepareTransfer(transaction, publicUrl, order);
  }
}

async function prepareRegistration(transaction: Executor, publicUrl: string, order: OrderOf<"register">) {
  const { address: to, username, passwordHash } = order;
  const owner = await store.findAddressOwner(transaction, to);
  if (owner) {
    const message = compose.writeAlreadyKnown({ to, publicUrl, username: owner.username });
    return { message, expiresAt: null };
  }
  const payload = { username, passwordHash };
  const made = await makeLink(transaction, publicUrl, {
    ...{ kind: "activate", userId: null, address: to, payload },
  });
  return {
    message: compose.writeActivation({ to, publicUrl, username, ...made }),
    expiresAt: made.expiresAt,
  };
}

// To the primary address, whichever of its addresses the account was named by: an old one may be another's by now.
async function prepareEntry(
  transaction: Executor,
  publicUrl: string,
  { kind, login }: OrderOf<"sign-in" | "reset">,
) {
  const account = await store.findAccount(transaction, login);
  if (!account || account.primary === null) return undefined;
  const { userId, username, primary: to } = account;
  const made = await makeLink(transaction, publicUrl, { kind, userId, address: to });
  const parts = { to, publicUrl, username, ...made };
  const message = kind === "reset" ? compose.writeReset(parts) : compose.writeSignIn(parts);
  return { message, expiresAt: made.expiresAt };
}

async function prepareVerification(
  transaction: Executor,
  publicUrl: string,
  { userId, address: to }: OrderOf<"verify">,
) {
  const taken = await findTaker(transaction, publicUrl, userId, to);
  if (taken) return taken;
  return prepareQuestion(transaction, publicUrl, { kind: "verify", userId, address: to, payload: {} });
}

async function prepareChange(
  transaction: Executor,
  publicUrl: string,
  {
    kind,
    userId,
    changeId,
    from,
    to,
  }: OrderOf<"change-old" | "change-new"> & {
    kind: "change-old" | "change-new";
  },
) {
  const payload = { changeId, from, to };
  if (kind === "change-new") {
    const taken = await findTaker(transaction, publicUrl, userId, to);
    return taken ?? prepareQuestion(transaction, publicUrl, { kind, userId, address: to, payload });
  }
  const account = await store.findAccountById(transaction, userId);
  if (!account) return undefined;
  const made = await makeLink(transaction, publicUrl, { kind, userId, address: from, payload });
  const { username } = account;
  const message = compose.writeChangeOfOld({ to: from, publicUrl, username, newAddress: to, ...made });
  return { message, expiresAt: made.expiresAt };
}

/** What is told to somebody else who has the address; undefined when nobody has. */
async function findTaker(transaction: Executor, publicUrl: string, userId: number, to: string) {
  const owner = await store.findAddressOwner(transaction, to);
  if (!owner || owner.userId === userId) return undefined;
  const message = compose.writeAddressTaken({ to, publicUrl, username: owner.username });
  return { message, expiresAt: null };
}

async function prepareQuestion(
  transaction: Executor,
  publicUrl: string,
  link: { kind: LinkKind; userId: number; address: string; payload: Record<string, unknown> },
) {
  const account = await store.findAccountById(transaction, link.userId);
  if (!account) return undefined;
  const made = await makeLink(transaction, publicUrl, link);
  const { username } = account;
  const message = compose.writeVerification({ to: link.address, publicUrl, username, ...made });
  return { message, expiresAt: made.expiresAt };
}

async function prepareNews(transaction: Executor, publicUrl: string, order: OrderOf<"news">) {
  const account = await store.findAccountById(transaction, order.userId);
  const to = order.to ?? account?.primary ?? null;
  if (!account || to === null) return undefined;
  const { news, detail } = order;
  return {
    message: compose.writeNews({ to, publicUrl, username: account.username, news, detail }),
    expiresAt: null,
  };
}

async function prepareInvitation(
  transaction: Executor,
  publicUrl: string,
  { invitationId }: OrderOf<"invitation">,
) {
  const named = await findNamedInvitation(transaction, invitationId);
  if (named) return prepareNamedInvitation(transaction, publicUrl, named);
  const made = await makeInvitationLink(transaction, publicUrl, invitationId);
  if (!made) return undefined;
  const { link, to, invitation } = made;
  const { owner, name, role, inviter, expiresAt } = invitation;
  const target = name === null ? owner : `${owner}/${name}`;
  return { message: compose.writeInvitation({ to, publicUrl, link, target, role, inviter }), expiresAt };
}

async function prepareNamedInvitation(
  transaction: Executor,
  publicUrl: string,
  { inviteeId, owner, name, role, inviter, expiresAt }: Invitation,
) {
  const account = inviteeId === null ? undefined : await store.findAccountById(transaction, inviteeId);
  if (!account || account.primary === null) return undefined;
  const { username, primary: to } = account;
  const target = name === null ? owner : `${owner}/${name}`;
  return {
    message: compose.writeNamedInvitation({ to, publicUrl, username, target, role, inviter }),
    expiresAt,
  };
}

async function prepareTransfer(
  transaction: Executor,
  publicUrl: string,
  { transferId }: OrderOf<"transfer">,
) {
  const offer = await findOffer(transaction, transferId);
  const account = offer && (await store.findAccountById(transaction, offer.recipientId));
  if (!offer || !account || account.primary === null) return undefined;
  const { repository, requester, expiresAt } = offer;
  const { username, primary: to } = account;
  return { message: compose.writeTransfer({ to, publicUrl, username, repository, requester }), expiresAt };
}
