import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "../../../runner/harness/run.js";
import { type MailboxServer, startMailboxServer } from "../../support/mailbox-server.js";
import { startPostfix } from "../../support/postfix.js";
import { type RcptOutput, rcptInput } from "../../support/rcpt-behaviours.js";
import { realServer } from "../../support/real-servers.js";
import { startExim } from "../../support/receivers/exim.js";

/** What the sender's own mail host says of the sender address; the server that verifies the sender quotes it. */
const SENDERS: Readonly<Record<string, string>> = {
  "postfix@probe.example.net": "550 5.1.1 <postfix@probe.example.net>: Recipient address rejected: User unknown in virtual mailbox table",
  "google@probe.example.net":
    "550-5.1.1 The email account that you tried to reach does not exist.\r\n550 5.1.1 https://support.google.com/mail/?p=NoSuchUser - gsmtp",
  "microsoft@probe.example.net": "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).",
  "cpanel@probe.example.net": '550 "No Such User Here"',
  "disabled@probe.example.net": "550 5.2.1 The account is disabled and no longer exists",
  "short@probe.example.net": "550 User unknown",
  "gone@probe.example.net": "550 5.1.6 The mailbox has moved and is no longer valid",
  "later@probe.example.net": "450 4.2.0 Greylisted, please come back later",
};

interface Verifier {
  readonly port: number;
  stop(): Promise<void>;
}

const VERIFIERS = [
  {
    name: "exim with verify = sender/callout",
    programs: ["exim4"],
    start: async (callout: number): Promise<Verifier> => startExim({ senderCallout: callout }),
  },
  { name: "postfix with reject_unverified_sender", programs: ["postfix", "dovecot"], start: startVerifyingPostfix },
] as const;

async function startVerifyingPostfix(callout: number): Promise<Verifier> {
  const { plain, stop } = await startPostfix({
    files: { mailboxes: "alice@example.org inbox/\n", transports: `probe.example.net smtp:[127.0.0.1]:${callout}\n` },
    settings: (etc) => ({
      virtual_mailbox_maps: `texthash:${etc}/mailboxes`,
      transport_maps: `texthash:${etc}/transports`,
      smtpd_sender_restrictions: "reject_unverified_sender",
      unverified_sender_reject_code: "550",
      unverified_sender_defer_code: "450",
      address_verify_map: "",
      address_verify_poll_delay: "1s",
      address_verify_poll_count: "8",
    }),
  });
  return { port: plain, stop };
}

for (const { name, programs, start } of VERIFIERS) {
  realServer(`mail.rcpt asks ${name}`, [...programs], () => {
    let senders: MailboxServer;
    let verifier: Verifier;
    beforeAll(async () => {
      senders = await startMailboxServer({ answer: (address) => SENDERS[address] ?? "250 OK" });
      verifier = await start(senders.port);
    }, 30_000);
    afterAll(async () => {
      await verifier?.stop();
      await senders?.close();
    });

    async function ask(sender: string): Promise<RcptOutput["results"]> {
      const input = { ...rcptInput(verifier.port), mail_from: sender, emails: ["alice@example.org", "nobody@example.org"], command_timeout_ms: 15_000 };
      return ((await run("mail.rcpt@1.0.0", { ...input, timeout_ms: 60_000 })).output as RcptOutput).results;
    }

    test("with a sender that exists: an existing mailbox is valid, a missing one invalid", async () => {
      expect((await ask("bounce@probe.example.net")).map(({ verdict }) => verdict)).toEqual(["valid", "invalid"]);
      expect(senders.connections.flat()).toContain("RCPT TO:<bounce@probe.example.net>");
    }, 60_000);

    test.each(Object.entries(SENDERS))(
      "with the sender %s: neither is invalid",
      async (sender, said) => {
        const results = await ask(sender);
        const shown = results.map(({ message, matched }) => `${matched}: ${message}`).join("\n");
        expect(
          results.map(({ verdict }) => verdict),
          shown,
        ).toEqual(["unknown", "unknown"]);
        expect(senders.connections.flat()).toContain(`RCPT TO:<${sender}>`);
        // A permanent refusal is passed on as one: that is what must not be read as the recipient's.
        expect(String(results[0]?.code)[0], shown).toBe(said[0]);
      },
      60_000,
    );
  });
}
