// The mails that an installation has written: found by whom they are to and what they are about, and read as mail is.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { RunningPlue } from "./start-plue.ts";

interface WrittenMail {
  file: string;
  to: string;
  subject: string;
  text: string;
}

const WAIT_MS = 20_000;
const LOOK_EVERY_MS = 100;

/** The newest mail to `to` whose subject matches, once there is one. @throws Error with what there is instead. */
export async function waitForMail(plue: RunningPlue, to: string, subject: RegExp): Promise<WrittenMail> {
  const until = Date.now() + WAIT_MS;
  for (;;) {
    const mails = readMails(plue);
    const found = mails.findLast((mail) => mail.to === to && subject.test(mail.subject));
    if (found) return found;
    if (Date.now() > until) {
      throw new Error(`no mail to ${to} about ${subject}: ${JSON.stringify(mails)}\n${plue.output()}`);
    }
    await wait(LOOK_EVERY_MS);
  }
}

/** The one link of a mail that leads to a secret. */
export function findLink(mail: WrittenMail): string {
  const link = /^https?:\/\/\S+\/[0-9A-Za-z]{43}$/m.exec(mail.text)?.[0];
  if (link === undefined) throw new Error(`no link in ${mail.text}`);
  return link;
}

/** All that were written, oldest first. */
export function readMails(plue: RunningPlue): WrittenMail[] {
  const folder = join(plue.dataFolder, "mail");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".eml"))
    .sort()
    .map((name) => parseMail(join(folder, name)));
}

// Ours are of one part, in 8bit, their fields in ASCII.
function parseMail(file: string): WrittenMail {
  const source = readFileSync(file, "utf8").replaceAll("\r\n", "\n");
  const [head = "", ...body] = source.split("\n\n");
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, "im").exec(head)?.[1] ?? "";
  return { file, to: field("To"), subject: field("Subject"), text: body.join("\n\n") };
}
