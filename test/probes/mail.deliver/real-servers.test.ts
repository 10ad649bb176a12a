import { afterAll, beforeAll, expect, test } from "vitest";
import type { newest } from "../../../probes/mail.deliver/schema.js";
import { run } from "../../../runner/harness/run.js";
import { type DnsServer, startDnsServer } from "../../../runner/lab/dns-server.js";
import type { FilledOf } from "../../../schemas/contract.js";
import { ed25519Key, rsaKey } from "../../support/dkim-keys.js";
import { type DkimVerifier, startDkimVerifier } from "../../support/dkim-verifier.js";
import { type Postfix, startPostfix } from "../../support/postfix.js";
import type { ProgramName } from "../../support/programs.js";
import { realServer } from "../../support/real-servers.js";
import { startExim } from "../../support/receivers/exim.js";
import { startOpenSmtpd } from "../../support/receivers/opensmtpd.js";
import type { Receiver } from "../../support/receivers/receiver.js";

type DeliverOutput = FilledOf<(typeof newest)["output"]>;

const ZONE = `$ORIGIN org.
$TTL 60
@        SOA  ns hostmaster 1 3600 600 86400 60
example  MX   10 mx.example
other    MX   10 mx.example
mx.example A  127.0.0.1
`;

let dns: DnsServer;
beforeAll(async () => {
  dns = await startDnsServer({ zones: [ZONE] });
});
afterAll(() => dns?.close());

async function deliver(port: number, recipients: readonly string[], more: Record<string, unknown> = {}): Promise<DeliverOutput> {
  const { output } = await run("mail.deliver", {
    mail_from: "ada@sender.example",
    recipients: [...recipients],
    fields: { subject: "To real servers", text: "Hello.\n.a line with a dot\n" },
    helo_domain: "sender.example",
    mx_port: port,
    allow_private_addresses: true,
    resolver: { servers: dns.servers },
    ...more,
  });
  return output as DeliverOutput;
}

const ends = ({ recipients }: DeliverOutput): string[] => recipients.map(({ outcome, class: found }) => `${outcome} ${found}`);

realServer("mail.deliver to postfix", ["postfix", "dovecot"], () => {
  let postfix: Postfix;
  beforeAll(async () => {
    postfix = await startPostfix();
  });
  afterAll(() => postfix?.stop());

  test("one copy arrives for two recipients, and an unknown recipient is reported", async () => {
    const output = await deliver(postfix.starttls, ["ada@example.org", "bob@example.org", "cem@other.org"]);
    expect(ends(output)).toEqual(["delivered null", "delivered null", expect.stringMatching(/^bounced (policy|routing)$/)]);
    expect(output.attempts[0]).toMatchObject({ tls: "secured", tls_policy: "opportunistic", outcome: "accepted" });
    const arrived = (): string[] => postfix.delivered().filter((message) => message.includes(output.message_id as string));
    // Postfix gives each of them a copy of the one that it was handed.
    await expect.poll(() => arrived().length, { timeout: 10_000 }).toBe(2);
    expect(arrived()[0]).toContain("\n.a line with a dot\n");
    expect(postfix.log().match(new RegExp(`message-id=${output.message_id}`, "g"))).toHaveLength(1);
  });

  test("a message of megabytes with lines that begin with dots arrives unchanged", async () => {
    const body = ".dots and more dots\r\n".repeat(100_000);
    const message = `From: ada@sender.example\r\nSubject: large\r\nMessage-ID: <large@sender.example>\r\n\r\n${body}`;
    expect(ends(await deliver(postfix.plain, ["ada@example.org"], { fields: undefined, message }))).toEqual(["delivered null"]);
    const arrived = (): string | undefined => postfix.delivered().find((each) => each.includes("<large@sender.example>"));
    await expect.poll(() => arrived() !== undefined, { timeout: 10_000 }).toBe(true);
    expect(arrived()?.endsWith(body.replaceAll("\r\n", "\n"))).toBe(true);
  });

  test("through postfix as a relay, after STARTTLS and a login", async () => {
    const relay = {
      host: "127.0.0.1",
      port: postfix.submission,
      tls: { mode: "starttls", verify: "report" },
      auth: { username: "monitor", password: postfix.password },
    };
    const output = await deliver(postfix.plain, ["ada@example.org"], { mode: "relay", relays: [relay] });
    expect(ends(output)).toEqual(["delivered null"]);
    expect(output.recipients[0]).toMatchObject({ way: "relay", said_by: "relay" });
    expect(JSON.stringify(output)).not.toContain(postfix.password);
  });
});

realServer("signatures of mail.deliver, as python3-dkim sees them at postfix", ["postfix", "dovecot", "dkimverify"], () => {
  let postfix: Postfix;
  let verifier: DkimVerifier;
  beforeAll(async () => {
    postfix = await startPostfix();
    verifier = startDkimVerifier();
  });
  afterAll(async () => {
    verifier?.stop();
    await postfix?.stop();
  });

  test("both are valid on the received message", async () => {
    const keys = [rsaKey("sender.example"), ed25519Key("sender.example")];
    const dkim = keys.map(({ domain, selector, privateKey }) => ({ domain, selector, private_key: privateKey }));
    const output = await deliver(postfix.plain, ["ada@example.org"], { dkim });
    expect(output.dkim).toMatchObject({ signatures: [{ alignment: "strict" }, { alignment: "strict" }], problems: [] });
    const arrived = (): string | undefined => postfix.delivered().find((each) => each.includes(output.message_id as string));
    await expect.poll(() => arrived() !== undefined, { timeout: 10_000 }).toBe(true);
    const received = Buffer.from((arrived() as string).replace(/^[\s\S]*?(?=DKIM-Signature:)/, "").replaceAll("\n", "\r\n"));
    expect(await verifier.verify(received, Object.assign({}, ...keys.map(({ records }) => records)))).toEqual(["pass", "pass"]);
  });
});

interface Case {
  readonly name: string;
  readonly program: ProgramName;
  readonly start: () => Promise<Receiver>;
  /** OpenSMTPD's STARTTLS leads into a broken handshake here. */
  readonly tls: "secured" | "failed";
}

const CASES: readonly Case[] = [
  { name: "exim", program: "exim4", start: startExim, tls: "secured" },
  { name: "opensmtpd", program: "smtpd", start: startOpenSmtpd, tls: "failed" },
];

for (const { name, program, start, tls } of CASES) {
  realServer(`mail.deliver to ${name}`, [program], () => {
    let receiver: Receiver;
    beforeAll(async () => {
      receiver = await start();
    });
    afterAll(() => receiver?.stop());

    test("it arrives for known recipients, and each of the others has the reason", async () => {
      const output = await deliver(receiver.port, ["alice@example.org", "nobody@example.org", "bob@example.org", "cem@other.org"]);
      expect(ends(output).map((end) => end.split(" ")[0])).toEqual(["delivered", "bounced", "delivered", "bounced"]);
      expect(output.recipients[1]).toMatchObject({ class: "address" });
      expect(output.attempts.some((attempt) => attempt.tls === tls)).toBe(true);
      await expect.poll(() => receiver.delivered().filter((message) => message.includes(output.message_id as string)).length, { timeout: 10_000 }).toBe(2);
      expect(receiver.delivered().join()).toContain("\n.a line with a dot\n");
    });
  });
}
