// The gateway's mail: handed to an SMTP server, or in development written to files that any mail program opens.
// Invariant: nothing counts as sent before a server has taken it or its file is whole.
import { chmod, mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import nodemailer from "nodemailer";
import type { Mail, MailEnd } from "../../schema/wire/mail.ts";
import type { MailConfig } from "../config.ts";
import { SMTP_CONNECT_MS, SMTP_IDLE_MS } from "../limits.ts";
import type { Log } from "../log.ts";

export interface Mailer {
  /** @throws Error when it may be tried again. */
  send(mail: Mail): Promise<MailEnd>;
  close(): void;
}

/** @returns null where the configuration says of no way to send mail. */
export function openMailer(config: MailConfig, log: Log): Mailer | null {
  if (config.kind === "none") return null;
  return config.kind === "smtp" ? openSmtpMailer(config) : openFolderMailer(config, log);
}

// Nothing in a mail of ours is read from a file or an address, whatever it holds.
const CLOSED = { disableFileAccess: true, disableUrlAccess: true } as const;

function openSmtpMailer({ url, from }: Extract<MailConfig, { kind: "smtp" }>): Mailer {
  const transport = nodemailer.createTransport({
    ...CLOSED,
    url,
    pool: true,
    maxConnections: 3,
    // To another machine only encrypted, whoever stands between may say of STARTTLS what he likes.
    requireTLS: !isLoopback(new URL(url).hostname),
    connectionTimeout: SMTP_CONNECT_MS,
    greetingTimeout: SMTP_CONNECT_MS,
    socketTimeout: SMTP_IDLE_MS,
  });
  return {
    send: async (mail) => {
      try {
        await transport.sendMail(describeMail(mail, from));
        return { end: "sent" };
      } catch (error) {
        const problem = findRefusal(error);
        if (problem === undefined) throw error;
        return { end: "refused", problem };
      }
    },
    close: () => transport.close(),
  };
}

function openFolderMailer({ folder, from }: Extract<MailConfig, { kind: "folder" }>, log: Log): Mailer {
  const composer = nodemailer.createTransport({
    ...CLOSED,
    streamTransport: true,
    buffer: true,
    newline: "windows",
  });
  return {
    send: async (mail) => {
      const { message } = await composer.sendMail(describeMail(mail, from));
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const file = join(folder, `${String(mail.id).padStart(6, "0")}.eml`);
      await writeFile(`${file}.new`, writePlainText(message.toString(), mail.text), { mode: 0o600 });
      await chmod(`${file}.new`, 0o600);
      await rename(`${file}.new`, file);
      log.info("mail", { to: mail.to, subject: mail.subject, file });
      return { end: "sent" };
    },
    close: () => composer.close(),
  };
}

/**
 * A composed mail with its text as it is (8bit, RFC 6152): in quoted-printable a link would be broken into lines, and
 * whoever copies it from the file would copy half of it.
 */
function writePlainText(composed: string, text: string): string {
  const header = composed.slice(0, composed.indexOf("\r\n\r\n") + 2);
  const kept = header.replaceAll(/^Content-(Type|Transfer-Encoding): .*\r\n/gim, "");
  const type = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n";
  return `${kept}${type}\r\n${text.replaceAll(/\r?\n/g, "\r\n")}`;
}

function describeMail({ id, to, subject, text }: Mail, from: string) {
  const host = /@([^@>\s]+)>?$/.exec(from)?.[1] ?? "localhost";
  return {
    from,
    // Whole and as it is: as text it would be read for names, comments and further addresses.
    to: { name: "", address: to },
    subject,
    text,
    messageId: `<mail-${id}@${host}>`,
    headers: { "Auto-Submitted": "auto-generated" },
  };
}

/** Why the server will never take this mail; undefined when it may take it another time. */
function findRefusal(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || !("responseCode" in error)) return undefined;
  const { code, responseCode } = error;
  const isOfThisMail = code === "EENVELOPE" || code === "EMESSAGE";
  if (!isOfThisMail || typeof responseCode !== "number" || responseCode < 500) return undefined;
  return `the mail server refused it with ${responseCode}`;
}

const isLoopback = (host: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(host);
