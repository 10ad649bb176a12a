import { createTransport } from "nodemailer";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testAuthority } from "./certificates.js";
import { type MailSystem, startMailSystem } from "./mail-system.js";
import { realServer } from "./real-servers.js";

realServer("a whole mail system", ["postfix", "postgrey", "dovecot", "dovecot-imap", "dovecot-pop3", "dovecot-lmtp"], () => {
  let system: MailSystem;
  beforeAll(async () => {
    system = await startMailSystem({ greylistSeconds: 1 });
  }, 60_000);
  afterAll(() => system?.stop());

  test("sends a stranger away, then brings the message into the folder that the address names", async () => {
    const { postfix, dovecot } = system;
    const transport = createTransport({
      host: "localhost",
      port: postfix.submission,
      requireTLS: true,
      tls: { ca: testAuthority() },
      auth: { user: "alice", pass: postfix.password },
    });
    const send = (): Promise<unknown> =>
      transport.sendMail({ from: "ada@example.net", to: ["alice@example.org", "alice+Junk@example.org"], subject: "through and through", text: "." });
    await expect(send()).rejects.toMatchObject({ responseCode: 450 });
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await send();
    for (const folder of ["INBOX", "Junk"]) {
      await expect.poll(() => dovecot.messages("alice", folder).join(), { timeout: 10_000 }).toContain("Subject: through and through");
    }
  }, 30_000);
});
