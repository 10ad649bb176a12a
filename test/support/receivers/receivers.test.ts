import { afterAll, beforeAll, expect, test } from "vitest";
import type { ProgramName } from "../programs.js";
import { RawClient } from "../raw-client.js";
import { realServer } from "../real-servers.js";
import { startExim } from "./exim.js";
import { startOpenSmtpd } from "./opensmtpd.js";
import type { Receiver } from "./receiver.js";

interface Case {
  readonly name: string;
  readonly program: ProgramName;
  readonly start: () => Promise<Receiver>;
  /** Whether its STARTTLS leads anywhere. */
  readonly secures: boolean;
  /** Its reply to an unknown recipient. */
  readonly unknown: string;
}

const CASES: readonly Case[] = [
  { name: "exim", program: "exim4", start: startExim, secures: true, unknown: "550 Unknown user" },
  { name: "opensmtpd", program: "smtpd", start: startOpenSmtpd, secures: false, unknown: "524 5.2.4 Mailing list expansion problem: <nobody@example.org>" },
];

for (const { name, program, start, secures, unknown } of CASES) {
  realServer(`${name} as a receiver`, [program], () => {
    let receiver: Receiver;
    const clients: RawClient[] = [];
    beforeAll(async () => {
      receiver = await start();
    });
    afterAll(async () => {
      for (const client of clients) client.close();
      await receiver?.stop();
    });

    async function dial(): Promise<RawClient> {
      const client = await RawClient.open(receiver.port);
      clients.push(client);
      expect(await client.reply()).toMatch(/^220 /);
      expect(await client.ask("EHLO client.example")).toContain("STARTTLS");
      return client;
    }

    test(secures ? "its STARTTLS leads into TLS" : "its STARTTLS leads into a broken handshake", async () => {
      const client = await dial();
      expect(await client.ask("STARTTLS")).toMatch(/^220 /);
      if (!secures) return expect(client.startTls()).rejects.toThrow("alert internal error");
      await client.startTls();
      expect(await client.ask("EHLO client.example")).not.toContain("STARTTLS");
    });

    test("delivers to known recipients, and refuses others", async () => {
      const client = await dial();
      expect(await client.ask("MAIL FROM:<sender@example.net>")).toMatch(/^250/);
      expect(await client.ask("RCPT TO:<nobody@example.org>")).toBe(unknown);
      expect(await client.ask("RCPT TO:<someone@elsewhere.example>")).toMatch(/^550/);
      expect(await client.ask("RCPT TO:<alice@example.org>")).toMatch(/^250/);
      expect(await client.ask("DATA")).toMatch(/^354/);
      expect(await client.ask("From: <sender@example.net>\r\nSubject: for alice\r\n\r\nhello\r\n.")).toMatch(/^250/);
      await expect.poll(() => receiver.delivered().join(), { timeout: 10_000 }).toContain("Subject: for alice");
    });
  });
}
