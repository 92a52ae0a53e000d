// Mail as it leaves: to an SMTP server that speaks the real protocol, and into files of RFC 5322.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { afterEach, describe, expect, it } from "vitest";
import type { Mail } from "../../schema/wire/mail.ts";
import { silentLog } from "../testing/test-ledger.ts";
import { openMailer } from "./mailer.ts";

const FROM = "Plue <plue@plue.test>";
const MAIL: Mail = {
  id: 12,
  to: "ada@example.com",
  subject: "Grüße, Ada",
  text: "Take this link:\n\nhttp://plue.test/x\n.\nEnd.\n",
};

const cleanUp: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean();
});

interface Received {
  from: string;
  to: string[];
  source: string;
}

/** A mail server on the loopback address. */
async function startSmtp(options: SMTPServerOptions = {}): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom === false ? "" : mailFrom.address;
        received.push({
          from,
          to: rcptTo.map(({ address }) => address),
          source: Buffer.concat(chunks).toString(),
        });
        done();
      });
    },
    ...options,
  });
  server.on("error", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUp.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`, received };
}

function open(url: string) {
  const mailer = openMailer({ kind: "smtp", url, from: FROM }, silentLog);
  if (mailer === null) throw new Error("no mailer");
  cleanUp.push(() => mailer.close());
  return mailer;
}

describe("by SMTP", () => {
  it("hands a mail to the server, to its one recipient, under an id of its own", async () => {
    const { url, received } = await startSmtp();
    expect(await open(url).send(MAIL)).toEqual({ end: "sent" });
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({ from: "plue@plue.test", to: ["ada@example.com"] });
    const source = received[0]?.source ?? "";
    expect(source).toMatch(/^Message-ID: <mail-12@plue\.test>\r$/m);
    expect(source).toMatch(/^Subject: =\?UTF-8\?Q\?Gr=C3=BC=C3=9Fe, Ada\?=|^Subject: =\?UTF-8\?/m);
    expect(source).toContain("http://plue.test/x\r\n.\r\nEnd.");
  });

  it("never lets a field end and another begin", async () => {
    const { url, received } = await startSmtp();
    const mailer = open(url);
    await mailer.send({ ...MAIL, subject: "Hi\r\nBcc: eve@example.com\r\n\r\nspam" });
    expect(received).toHaveLength(1);
    const injected = { ...MAIL, to: "eve@example.com>\r\nRCPT TO:<x@example.com" };
    // Such an address never gets better, so it isn't tried again.
    expect(await mailer.send(injected)).toMatchObject({ end: "refused" });
    expect(received).toHaveLength(1);
    for (const { to, source } of received) {
      expect(to).toHaveLength(1);
      expect(source).not.toMatch(/^Bcc:/im);
    }
  });

  it("tells a refusal for good from one for now", async () => {
    const refuse = (responseCode: number) => ({
      onRcptTo: (_address: unknown, _session: unknown, done: (error: Error) => void) =>
        done(Object.assign(new Error("no"), { responseCode })),
    });
    expect(await open((await startSmtp(refuse(550))).url).send(MAIL)).toEqual({
      end: "refused",
      problem: "the mail server refused it with 550",
    });
    await expect(open((await startSmtp(refuse(451))).url).send(MAIL)).rejects.toThrow();
  });

  it("fails for now where no server listens, or where the password is wrong", async () => {
    await expect(open("smtp://127.0.0.1:9").send(MAIL)).rejects.toThrow();
    const { url } = await startSmtp({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: (_auth, _session, done) => done(new Error("Invalid username or password")),
    });
    await expect(open(url.replace("://", "://u:p@")).send(MAIL)).rejects.toThrow();
  });
});

describe("into a folder", () => {
  it("writes a file that only its owner reads, the same one again for the same mail", async () => {
    const folder = join(mkdtempSync(join(tmpdir(), "plue-mail-")), "mail");
    cleanUp.push(() => rmSync(join(folder, ".."), { recursive: true }));
    const mailer = openMailer({ kind: "folder", folder, from: FROM }, silentLog);
    for (let time = 0; time < 2; time++) expect(await mailer?.send(MAIL)).toEqual({ end: "sent" });
    expect(readdirSync(folder)).toEqual(["000012.eml"]);
    const file = join(folder, "000012.eml");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const source = readFileSync(file, "utf8");
    expect(source).toMatch(/^From: Plue <plue@plue\.test>\r$/m);
    expect(source).toMatch(/^To: ada@example\.com\r$/m);
    expect(source).toMatch(/^Date: /m);
    expect(source).toContain("http://plue.test/x\r\n");
  });

  it("writes a long link on one line, to be copied, and text that isn't ASCII as it is", async () => {
    const folder = join(mkdtempSync(join(tmpdir(), "plue-mail-")), "mail");
    cleanUp.push(() => rmSync(join(folder, ".."), { recursive: true }));
    const link = `http://plue.test/reset/${"a=b".repeat(60)}?next=%2Fsettings`;
    const mailer = openMailer({ kind: "folder", folder, from: FROM }, silentLog);
    await mailer?.send({ ...MAIL, text: `Grüße!\n\n${link}\n` });
    const [header, ...text] = readFileSync(join(folder, "000012.eml"), "utf8").split("\r\n\r\n");
    expect(header).toMatch(/^Content-Transfer-Encoding: 8bit$/im);
    expect(header?.match(/^Content-Transfer-Encoding/gim)).toHaveLength(1);
    expect(text).toEqual(["Grüße!", `${link}\r\n`]);
  });
});

it("is not there where nothing says how mail leaves", () => {
  expect(openMailer({ kind: "none" }, silentLog)).toBeNull();
});
