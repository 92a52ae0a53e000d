// The words of every mail. Pure: names and links in, a message out. Invariant: a link begins with the site's own public
// address, never with what a request called it.
import type { Message } from "./order.ts";

interface Parts {
  to: string;
  /** The site's address, without a slash at its end. */
  publicUrl: string;
  username: string;
}

/** A link that was made for this mail, and for how long it is good. */
interface Linked extends Parts {
  link: string;
  lifetime: string;
}

const write = (to: string, subject: string, ...paragraphs: string[]): Message => ({
  kind: "message",
  to,
  subject,
  text: `${paragraphs.join("\n\n")}\n`,
});

const OTHERWISE = "If that wasn't you, do nothing: without the link, nothing happens.";

export function writeActivation({ to, username, link, lifetime, publicUrl }: Linked): Message {
  return write(
    to,
    "Make your Plue account",
    `Somebody, you we hope, wants the account ${username} at\n${publicUrl} with this address.`,
    `To make it, open this link within ${lifetime}:`,
    link,
    OTHERWISE,
  );
}

/** Instead of an activation, to who has an account: what the page that was asked on must not tell. */
export function writeAlreadyKnown({ to, username, publicUrl }: Parts): Message {
  return write(
    to,
    "You already have a Plue account",
    `Somebody, you perhaps, wanted to register at\n${publicUrl} with this address.`,
    `It belongs to your account ${username}, so nothing was made. Sign in at\n${publicUrl}/login`,
    `If you have forgotten your password, set a new one at\n${publicUrl}/reset`,
  );
}

export function writeSignIn({ to, username, link, lifetime }: Linked): Message {
  return write(
    to,
    "Sign in to Plue",
    `This link signs you in as ${username}, once, within ${lifetime}:`,
    link,
    OTHERWISE,
  );
}

export function writeReset({ to, username, link, lifetime }: Linked): Message {
  return write(
    to,
    "Set a new password for Plue",
    `With this link, within ${lifetime}, you set a new password for ${username}:`,
    link,
    OTHERWISE,
  );
}

export function writeVerification({ to, username, link, lifetime }: Linked): Message {
  return write(
    to,
    "Is this address yours?",
    `The account ${username} says that this address is its own. If it is yours,\nconfirm it within ${lifetime}:`,
    link,
    "If it isn't, do nothing, and the account won't have it.",
  );
}

/** Instead of a question, to who has the address already. */
export function writeAddressTaken({ to, username, publicUrl }: Parts): Message {
  return write(
    to,
    "This address is yours already",
    `Another account at ${publicUrl} wanted to have this\naddress. It belongs to your account ${username} and stays there.`,
    "Nothing is to be done.",
  );
}

export function writeChangeOfOld({
  to,
  username,
  link,
  lifetime,
  newAddress,
}: Linked & { newAddress: string }): Message {
  return write(
    to,
    "Give up this address for another?",
    `Your account ${username} is to have another address instead of this one:\n${newAddress}`,
    `Both have to agree. If it was you who asked, confirm within ${lifetime}:`,
    link,
    "If it wasn't, do nothing, and change your password: somebody can use your account.",
  );
}

const NEWS = {
  password: [
    "Your password was changed",
    "has a new password. Whoever was signed in elsewhere is signed out.",
  ],
  address: ["An email address of your account was changed", "has other email addresses than before:"],
  username: ["Your username was changed", "is the new name of your account. It was called"],
} as const;

export function writeNews({
  to,
  username,
  publicUrl,
  news,
  detail,
}: Parts & { news: keyof typeof NEWS; detail: string }): Message {
  const [subject, sentence] = NEWS[news];
  return write(
    to,
    subject,
    `${username} ${sentence}${detail === "" ? "" : `\n${detail}`}`,
    `If that wasn't you, set a new password now:\n${publicUrl}/reset`,
  );
}

/** To whoever has the address; what they are called here, if anything, isn't looked for. */
export function writeInvitation({
  to,
  publicUrl,
  link,
  target,
  role,
  inviter,
}: Omit<Linked, "username" | "lifetime"> & {
  target: string;
  role: string;
  inviter: string | null;
}): Message {
  return write(
    to,
    `You are invited to ${target} on Plue`,
    `${inviter ?? "Somebody"} invites you to\n${publicUrl}/${target}\nas ${role}.`,
    "To accept or to decline, open this link within 7 days:",
    link,
    "It is for this address alone. If you don't know what this is about, do nothing.",
  );
}

/** To an account that is invited by its name: it accepts or declines in its settings, so no link is a secret. */
export function writeNamedInvitation({
  to,
  publicUrl,
  username,
  target,
  role,
  inviter,
}: Parts & { target: string; role: string; inviter: string | null }): Message {
  return write(
    to,
    `You are invited to ${target} on Plue`,
    `${inviter ?? "Somebody"} invites your account ${username} to\n${publicUrl}/${target}\nas ${role}.`,
    `To accept or decline, go within 7 days to\n${publicUrl}/settings/organizations`,
    "If you do nothing, the invitation expires.",
  );
}

export function writeTransfer({
  to,
  publicUrl,
  username,
  repository,
  requester,
}: Parts & { repository: string; requester: string }): Message {
  return write(
    to,
    `${requester} offers you ${repository} on Plue`,
    `${requester} wants your account ${username} to own the repository\n${publicUrl}/${repository}`,
    `To accept or to decline, go within 7 days to\n${publicUrl}/settings/transfers`,
    "If you do nothing, it stays where it is.",
  );
}

export function writeFarewell({ to, username, publicUrl }: Parts): Message {
  return write(
    to,
    "Your Plue account was deleted",
    `The account ${username} at ${publicUrl} was deleted, with all that it owned.`,
    "This address can have an account again. If it wasn't you who did it, tell whoever runs the site.",
  );
}
