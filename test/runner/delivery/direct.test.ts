import { createHash, generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createDelivery } from "../../../runner/delivery/create-delivery.js";
import { closeAfterEach, inside, internet, MESSAGE, mail, only, service } from "../../support/delivery.js";
import { greylisting, type MxBehaviour } from "../../support/fake-internet.js";

closeAfterEach();

const ONE = "one MX 10 mx";
const BOTH = "one MX 10 mx\none MX 20 backup";

describe("one message", () => {
  test("is accepted, and the report has every operation", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const report = await service(net).send(mail("bob@one.example"));
    expect(report).toMatchObject({ message_id: "<1@sender.example>", helo_domain: "sender.example" });
    expect(only(report)).toMatchObject({
      outcome: "delivered",
      class: null,
      code: 250,
      host: "mx.example",
      ip_address: "127.0.0.11",
      said_by: "mail_host",
      next: "nothing",
    });
    expect(net.host("mx").messages).toEqual([{ from: "ada@sender.example", to: ["bob@one.example"], text: MESSAGE, isSecure: false }]);
    const [attempt] = report.attempts;
    expect(attempt).toMatchObject({ way: "direct", reused: false, outcome: "accepted", tls: "none", recipients: [0] });
    expect(attempt?.operations.map(({ name, code }) => `${name} ${code}`)).toEqual([
      "connect null",
      "greeting 220",
      "EHLO 250",
      "MAIL 250",
      "RCPT 250",
      "DATA 354",
      "message 250",
    ]);
  });

  test("is sent once for many recipients of a site, and each recipient gets the reply to its own RCPT", async () => {
    const rcpt = (address: string): string =>
      address.startsWith("bob") ? "250 ok" : address.startsWith("cem") ? "550 5.1.1 unknown user" : "450 4.2.0 greylisted";
    const net = await internet(`${ONE}\ntwo MX 5 mx`, { mx: ["127.0.0.11", { rcpt }] });
    const report = await service(net).send(mail(["bob@one.example", "cem@two.example", "dee@one.example"]));
    expect(report.recipients.map(({ outcome, class: found, next }) => [outcome, found, next])).toEqual([
      ["delivered", null, "nothing"],
      ["bounced", "address", "correct_the_address"],
      ["failed", "greylist", "may_be_tried"],
    ]);
    expect(net.host("mx").messages).toHaveLength(1);
    expect(report.attempts).toHaveLength(1);
  });

  test("is sent once to a mailbox that is listed three times, and all three entries have the outcome", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const report = await service(net).send(mail(["bob@one.example", "bob@ONE.Example", "Bob@one.example", "bob@one.example"]));
    expect(report.recipients.map(({ outcome, attempts }) => [outcome, attempts])).toEqual(Array.from({ length: 4 }, () => ["delivered", [0]]));
    expect(net.host("mx").messages.map(({ to }) => to)).toEqual([["bob@one.example", "Bob@one.example"]]);
  });

  test("is sent in several transactions over one session if it has more recipients than one transaction may have", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const recipients = Array.from({ length: 25 }, (_, index) => `r${index}@one.example`);
    const report = await service(net, { limits: { recipients_per_transaction: 10 } }).send(mail(recipients));
    expect(report.recipients.every(({ outcome }) => outcome === "delivered")).toBe(true);
    expect(net.host("mx").messages.map(({ to }) => to.length)).toEqual([10, 10, 5]);
    expect(net.host("mx").connections).toHaveLength(1);
  });

  test("is sent again to recipients that were refused with 452", async () => {
    const most = (): NonNullable<MxBehaviour["rcpt"]> => {
      let taken = 0;
      return () => (taken++ % 4 < 3 ? "250 ok" : "452 4.5.3 too many recipients");
    };
    const net = await internet(ONE, { mx: ["127.0.0.11", { rcpt: most() }] });
    const report = await service(net).send(mail(["a@one.example", "b@one.example", "c@one.example", "d@one.example"]));
    expect(report.recipients.map(({ outcome }) => outcome)).toEqual(["delivered", "delivered", "delivered", "delivered"]);
    expect(net.host("mx").messages.map(({ to }) => to.length)).toEqual([3, 1]);
  });

  test("an invalid address gets nothing, and the other recipients get the message", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const report = await service(net).send(mail(["not an address", "bob@one.example", "x\r\nRCPT TO:<y@one.example>@one.example"]));
    expect(report.recipients.map(({ outcome, class: found }) => [outcome, found])).toEqual([
      ["bounced", "address"],
      ["delivered", null],
      ["bounced", "address"],
    ]);
    expect(net.host("mx").messages[0]?.to).toEqual(["bob@one.example"]);
  });

  test("is composed from its fields", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const delivery = service(net);
    const report = await delivery.send({ mail_from: "ada@sender.example", recipients: ["bob@one.example"], fields: { subject: "Grüße", text: "Hallo." } });
    expect(net.host("mx").messages[0]?.text).toMatch(/^From: ada@sender\.example\r\nTo: bob@one\.example\r\n(?:[\s\S]*\r\n)?Subject: =\?UTF-8\?/);
    expect(report.message_id).toMatch(/^<.+@sender\.example>$/);
    const wrong = { mail_from: "<>", recipients: ["bob@one.example"], fields: { text: "Whose?" } };
    await expect(delivery.send(wrong)).rejects.toMatchObject({ violations: [{ pointer: "/fields/from", message: expect.stringContaining("author") }] });
    await expect(delivery.send({ ...wrong, fields: undefined } as never)).rejects.toMatchObject({ violations: [{ pointer: "/message" }] });
  });

  test("with bare line feeds and a NUL arrives with CRLF line ends", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    await service(net).send(mail("bob@one.example", { message: "Date: x\nMessage-ID: <1@a.example>\n\na\r.\r\nb\0\n.\nc" }));
    expect(net.host("mx").messages[0]?.text).toBe("Date: x\r\nMessage-ID: <1@a.example>\r\n\r\na\r\n.\r\nb\r\n.\r\nc\r\n");
  });
});

describe("the answers of name servers", () => {
  test.each([
    ["a null MX", "null", "bounced", "address", "name_server", "5.1.10"],
    ["no such domain", "gone", "bounced", "address", "name_server", "5.1.2"],
    ["a domain without mail hosts", "empty", "bounced", "address", "name_server", "5.4.4"],
    ["SERVFAIL", "broken", "failed", "routing", "name_server", null],
    ["silence", "silent", "failed", "routing", "name_server", null],
  ])("%s", async (_, domain, outcome, found, saidBy, enhanced) => {
    const behave = ({ name }: { name: string }) => (name === "broken.example" ? { rcode: 2 } : name === "silent.example" ? { drop: true } : undefined);
    const net = await internet('null MX 0 .\nempty TXT "nothing"', { mx: ["127.0.0.11", {}] }, { behave });
    const report = await service(net).send(mail(`bob@${domain}.example`));
    expect(only(report)).toMatchObject({ outcome, class: found, said_by: saidBy, enhanced_code: enhanced, decided_at: "resolve" });
    expect(report.attempts).toEqual([]);
    expect(only(report).failure?.retryable).toBe(outcome === "failed");
  });

  test("a domain without MX is its own mail host", async () => {
    const net = await internet("", { mx: ["127.0.0.11", {}] });
    expect(only(await service(net).send(mail("bob@mx.example")))).toMatchObject({ outcome: "delivered", host: "mx.example" });
  });

  test("an address literal is its own mail host", async () => {
    const net = await internet("", { mx: ["127.0.0.11", {}] });
    expect(only(await service(net).send(mail("bob@[127.0.0.11]")))).toMatchObject({ outcome: "delivered", host: "127.0.0.11" });
  });

  test.each(["bob@one.example", "bob@[127.0.0.11]"])("addresses that are not global are dialled only with allow_private_addresses: %s", async (address) => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const report = await service(net, { allow_private_addresses: false }).send(mail(address));
    expect(only(report)).toMatchObject({ outcome: "failed", class: "configuration", said_by: "us", next: "correct_the_configuration" });
    expect(net.host("mx").connections).toEqual([]);
  });

  test("an answer is not used after its TTL", async () => {
    const net = await internet("one 1 MX 10 mx\ntwo MX 10 mx", { mx: ["127.0.0.11", {}] });
    const delivery = service(net);
    const send = () => delivery.send(mail(["bob@one.example", "bob@two.example"]));
    await send();
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await send();
    expect(delivery.stats().direct_service).toMatchObject({ mx_lookups: 3, mx_cache_hits: 1 });
  });

  test("a valid answer is not looked up again", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const delivery = service(net);
    await delivery.send(mail("bob@one.example"));
    const asked = net.questions.length;
    await delivery.send(mail("cem@one.example"));
    expect(net.questions.length).toBe(asked);
    expect(delivery.stats().direct_service).toMatchObject({ mx_lookups: 1, mx_cache_hits: 1, mx_cache_size: 1, sent: 2 });
  });
});

describe("the next mail host", () => {
  const BAD: readonly [string, MxBehaviour | null][] = [
    ["is not there", null],
    ["hangs up at once", { dropsAt: "connect" }],
    ["greets with 421", { greeting: () => "421 4.3.2 later" }],
    ["greets with 450", { greeting: () => "450 4.3.2 later" }],
    ["greets with 554", { greeting: () => "554 5.7.1 not you" }],
    ["hangs up at EHLO", { dropsAt: "ehlo" }],
    ["answers MAIL with 421", { mail: () => "421 4.3.2 closing" }],
    ["hangs up at MAIL", { dropsAt: "mail" }],
    ["answers RCPT with 421", { rcpt: () => "421 4.3.2 closing" }],
    ["hangs up at DATA", { dropsAt: "data" }],
    ["falls silent at the greeting", { silentAt: "greeting" }],
  ];

  test.each(BAD)("is tried when the first %s", async (_, behaviour) => {
    const net = await internet(BOTH, { mx: ["127.0.0.11", behaviour], backup: ["127.0.0.12", {}] });
    const report = await service(net, { command_timeout_ms: 300 }).send(mail("bob@one.example"));
    expect(only(report)).toMatchObject({ outcome: "delivered", host: "backup.example", attempts: [0, 1] });
    expect(report.attempts.map(({ host, outcome }) => [host, outcome === "accepted"])).toEqual([
      ["mx.example", false],
      ["backup.example", true],
    ]);
  });

  test.each([1, 2, 3])("is tried when the first hangs up in the middle of the message (%i)", async (size) => {
    const net = await internet(BOTH, { mx: ["127.0.0.11", { dropsAt: "body" }], backup: ["127.0.0.12", {}] });
    const text = "a line of some length\r\n".repeat(size * 100_000 + 100_000);
    // Megabytes take their time on a busy machine.
    const report = await service(net, { command_timeout_ms: 10_000, timeout_ms: 30_000 }).send(
      mail("bob@one.example", { message: `Subject: long\r\n\r\n${text}` }),
    );
    expect(only(report)).toMatchObject({ outcome: "delivered", host: "backup.example" });
    expect(report.attempts[0]).toMatchObject({ outcome: "not_sent", ended_at: "data" });
  });

  test.each<[string, MxBehaviour, string, string]>([
    ["knows no such mailbox", { rcpt: () => "550 5.1.1 unknown" }, "bounced", "address"],
    ["greylists", { rcpt: greylisting() }, "failed", "greylist"],
    ["refuses the sender", { mail: () => "550 5.7.1 not from there" }, "bounced", "policy"],
    ["does not take its content", { end: () => "554 5.7.1 spam message rejected" }, "bounced", "content"],
    ["has no room just now", { end: () => "452 4.3.1 insufficient storage" }, "failed", "network"],
  ])("is not tried if the first %s", async (_, behaviour, outcome, found) => {
    const net = await internet(BOTH, { mx: ["127.0.0.11", behaviour], backup: ["127.0.0.12", {}] });
    const report = await service(net).send(mail("bob@one.example"));
    expect(only(report)).toMatchObject({ outcome, host: "mx.example" });
    expect(report.attempts).toHaveLength(1);
    expect(net.host("backup").connections).toEqual([]);
    expect(only(report).class).toBe(found);
  });

  test("is not tried after five addresses, or two that sent a greeting", async () => {
    const many = Array.from({ length: 8 }, (_, index) => `one MX ${index} m${index}`).join("\n");
    const dead = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`m${index}`, [`127.0.0.${20 + index}`, null]] as const));
    const net = await internet(many, { ...dead, other: ["127.0.0.11", {}] });
    expect((await service(net).send(mail("bob@one.example"))).attempts).toHaveLength(5);
    const greets = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`m${index}`, [`127.0.0.${20 + index}`, { dropsAt: "mail" }]] as const));
    const second = await internet(many, greets as never);
    expect((await service(second).send(mail("bob@one.example"))).attempts).toHaveLength(2);
  });

  test("hosts of equal preference are tried in random order", async () => {
    const net = await internet("one MX 10 a\none MX 10 b", { a: ["127.0.0.11", {}], b: ["127.0.0.12", {}] });
    const delivery = service(net, { limits: { messages_per_session: 1 } });
    for (let index = 0; index < 20; index++) await delivery.send(mail("bob@one.example"));
    expect(net.host("a").messages.length).toBeGreaterThan(0);
    expect(net.host("b").messages.length).toBeGreaterThan(0);
  });
});

describe("after the final dot", () => {
  test("a 354 reply leaves the outcome unknown, and the message is not sent again", async () => {
    const net = await internet(BOTH, { mx: ["127.0.0.11", { end: () => "354 go on" }], backup: ["127.0.0.12", {}] });
    const recipient = only(await service(net).send(mail("bob@one.example")));
    expect(recipient).toMatchObject({ outcome: "unknown", decided_at: "data", next: "ask_the_recipient" });
    expect(net.host("backup").connections).toHaveLength(0);
  });

  test.each<[string, MxBehaviour]>([
    ["the host hangs up", { end: () => null }],
    ["the host is silent", { silentAt: "dot" }],
  ])("%s: the outcome is unknown, and the message is not sent again", async (_, behaviour) => {
    const net = await internet(BOTH, { mx: ["127.0.0.11", behaviour], backup: ["127.0.0.12", {}] });
    const report = await service(net, {
      command_timeout_ms: 300,
      mode: "hybrid",
      relays: [{ host: "127.0.0.12", port: net.port, tls: { mode: "none" } }],
    }).send(mail("bob@one.example"));
    expect(only(report)).toMatchObject({ outcome: "unknown", next: "ask_the_recipient", way: "direct" });
    expect(report.attempts).toHaveLength(1);
    expect(net.host("backup").messages).toEqual([]);
  });
});

describe("TLS", () => {
  test("is used if it is offered, with any certificate", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", { tls: "good" }] });
    const report = await service(net).send(mail("bob@one.example"));
    expect(report.attempts[0]).toMatchObject({ tls: "secured", tls_version: "TLSv1.3", outcome: "accepted" });
    expect(net.host("mx").messages[0]?.isSecure).toBe(true);
  });

  test("is not used in mode none", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", { tls: "good" }] });
    await service(net, { tls: { mode: "none" } }).send(mail("bob@one.example"));
    expect(net.host("mx").messages.map(({ isSecure }) => isSecure)).toEqual([false]);
    expect(net.host("mx").connections[0]).not.toContain("STARTTLS");
  });

  test("a failed handshake leads to plain text on another connection, never on the same one", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", { tls: "broken" }] });
    const report = await service(net).send(mail("bob@one.example"));
    expect(report.attempts[0]).toMatchObject({ tls: "failed", outcome: "accepted" });
    expect(net.host("mx").connections.map((commands) => commands.map((line) => line.slice(0, 4)))).toEqual([
      ["EHLO", "STAR"],
      ["EHLO", "MAIL", "RCPT", "DATA"],
    ]);
  });

  test("a refused STARTTLS leads to plain text on the same connection", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", { tls: "refused" }] });
    expect((await service(net).send(mail("bob@one.example"))).attempts[0]).toMatchObject({ tls: "refused", outcome: "accepted" });
    expect(net.host("mx").connections).toHaveLength(1);
  });

  test.each<[string, MxBehaviour, Record<string, unknown>]>([
    ["it breaks", { tls: "broken" }, { mode: "starttls" }],
    ["it is refused", { tls: "refused" }, { mode: "starttls" }],
    ["it is not offered", {}, { mode: "starttls" }],
    ["the certificate is not trusted", { tls: "good" }, { verify: "require" }],
  ])("if it is required and missing, nothing is sent: %s", async (_, behaviour, tls) => {
    const net = await internet(ONE, { mx: ["127.0.0.11", behaviour] });
    const report = await service(net, { tls }).send(mail("bob@one.example"));
    expect(only(report)).toMatchObject({ outcome: "failed", class: "tls", next: "may_be_tried" });
    expect(net.host("mx").messages).toEqual([]);
    expect(
      net
        .host("mx")
        .connections.flat()
        .filter((line) => line.startsWith("MAIL")),
    ).toEqual([]);
  });
});

describe("what a server refuses", () => {
  test.each([
    ["451 4.3.0 not now", "failed", "may_be_tried"],
    ["550 5.7.1 not you", "bounced", "read_the_reply"],
  ])("a sender (%s): the 503 replies to the pipelined recipients do not decide about them", async (reply, outcome, next) => {
    const net = await internet(ONE, { mx: ["127.0.0.11", { mail: () => reply }] });
    const recipient = only(await service(net).send(mail("bob@one.example")));
    expect(recipient).toMatchObject({ outcome, next, decided_at: "mail", code: Number(reply.slice(0, 3)) });
  });

  test("a recipient, with a reply code that is no refusal: it may be retried", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", { rcpt: () => "354 go ahead" }] });
    expect(only(await service(net).send(mail("bob@one.example")))).toMatchObject({ outcome: "failed", decided_at: "rcpt", next: "may_be_tried" });
  });

  const SIGNED = "Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\nGrüße\r\n--s--\r\n";
  const LONG = `Subject: x\r\n\r\n${"x".repeat(900)}\r\n`;
  test.each<[string, MxBehaviour, string, string[], string]>([
    ["so large a message", { capabilities: ["SIZE 500"] }, LONG, ["bob@one.example"], "size"],
    ["bytes beyond ASCII in a part that is signed", { capabilities: ["PIPELINING"] }, SIGNED, ["bob@one.example"], "protocol"],
    ["addresses beyond ASCII", { capabilities: ["PIPELINING"] }, MESSAGE, ["büro@one.example"], "protocol"],
  ])("is not sent: %s", async (_, behaviour, message, recipients, found) => {
    const net = await internet(ONE, { mx: ["127.0.0.11", behaviour] });
    const report = await service(net).send(mail(recipients, { message }));
    expect(only(report)).toMatchObject({ outcome: "bounced", class: found, said_by: "us" });
    expect(
      net
        .host("mx")
        .connections.flat()
        .filter((line) => line.startsWith("MAIL")),
    ).toEqual([]);
  });

  test.each<[string, string[], string, string, string]>([
    ["SMTPUTF8 for its header", ["PIPELINING"], "Subject: Grüße\r\n\r\nGrüße\r\n", "5.6.9", "which need SMTPUTF8 (RFC 6532)"],
    ["SMTPUTF8 for its header", ["8BITMIME"], "Subject: Grüße\r\n\r\nx\r\n", "5.6.9", "which need SMTPUTF8 (RFC 6532)"],
    ["8BITMIME for a signed part", ["PIPELINING"], SIGNED, "5.6.3", "the message body has bytes beyond ASCII, which need 8BITMIME"],
  ])("a bounce says what the message needs: %s of a server with %j", async (_, capabilities, message, enhanced, words) => {
    const net = await internet(ONE, { mx: ["127.0.0.11", { capabilities }] });
    const bounced = only(await service(net).send(mail("bob@one.example", { message })));
    expect(bounced).toMatchObject({ outcome: "bounced", enhanced_code: enhanced, message: expect.stringContaining(words) });
  });

  test("bytes beyond ASCII are encoded for a server without 8BITMIME, and the message is signed again", async () => {
    const { privateKey } = generateKeyPairSync("ed25519");
    const dkim = [{ domain: "sender.example", selector: "s", private_key: privateKey.export({ type: "pkcs8", format: "pem" }) as string }];
    const old = await internet(ONE, { mx: ["127.0.0.13", { capabilities: ["PIPELINING"] }] });
    const message = "From: ada@sender.example\r\nSubject: x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße\r\n";
    expect(only(await service(old, { dkim }).send(mail("bob@one.example", { message })))).toMatchObject({ outcome: "delivered" });
    const [sent] = old.host("mx").messages;
    expect(sent?.text).toMatch(/\r\nContent-Transfer-Encoding: quoted-printable\r\n[\s\S]*\r\n\r\nGr=C3=BC=C3=9Fe\r\n$/);
    const hash = /bh=([^;]+);/.exec(sent?.text.replace(/\r\n[ \t]+/g, "") ?? "")?.[1];
    expect(hash).toBe(createHash("sha256").update("Gr=C3=BC=C3=9Fe\r\n").digest("base64"));
  });

  test("a recipient that a server cannot accept does not stop the others", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", { capabilities: ["PIPELINING"] }] });
    const report = await service(net).send(mail(["büro@one.example", "bob@one.example", "cem@one.example"]));
    expect(report.recipients.map(({ outcome }) => outcome)).toEqual(["bounced", "delivered", "delivered"]);
    expect(net.host("mx").messages.map(({ to }) => to)).toEqual([["bob@one.example", "cem@one.example"]]);
  });

  test("a server that announces a wrong SIZE refuses at the end, and that reply decides", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", { capabilities: ["SIZE 99999999"], end: () => "552 5.3.4 message too big" }] });
    expect(only(await service(net).send(mail("bob@one.example")))).toMatchObject({ outcome: "bounced", class: "size", code: 552, decided_at: "data" });
  });

  test("SIZE, BODY and SMTPUTF8 are sent to servers that offer them", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    await service(net).send(mail("büro@one.example", { message: "Date: x\r\nMessage-ID: <1@a>\r\n\r\nGrüße\r\n" }));
    expect(net.host("mx").connections[0]).toContain("MAIL FROM:<ada@sender.example> SIZE=39 BODY=8BITMIME SMTPUTF8");
  });

  test("DSN is requested if it is offered; otherwise the message is sent without it", async () => {
    const net = await internet("one MX 10 a\ntwo MX 10 b", { a: ["127.0.0.11", {}], b: ["127.0.0.12", { capabilities: ["PIPELINING"] }] });
    const dsn = { notify: ["failure", "delay"], return: "headers", envelope_id: "x1" } as const;
    const report = await service(net).send(mail(["bob@one.example", "cem@two.example"], { dsn: { ...dsn, notify: [...dsn.notify] } }));
    expect(report.recipients.map(({ outcome }) => outcome)).toEqual(["delivered", "delivered"]);
    expect(net.host("a").connections[0]?.slice(1, 3)).toEqual([
      expect.stringMatching(/RET=HDRS ENVID=x1$/),
      "RCPT TO:<bob@one.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;bob@one.example",
    ]);
    expect(net.host("b").connections[0]?.[2]).toBe("RCPT TO:<cem@two.example>");
  });
});

describe("mail loops", () => {
  test("a host that uses our own name gets no message", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", { ehlo: "Sender.example" }] });
    expect(only(await service(net).send(mail("bob@one.example")))).toMatchObject({ outcome: "bounced", class: "routing", enhanced_code: "5.4.6" });
    expect(net.host("mx").messages).toEqual([]);
  });

  test("after a host that uses our own name, hosts of a higher preference value are not tried", async () => {
    const net = await internet(BOTH, { mx: ["127.0.0.11", { ehlo: "Sender.example" }], backup: ["127.0.0.12", {}] });
    expect(only(await service(net).send(mail("bob@one.example")))).toMatchObject({ outcome: "bounced", enhanced_code: "5.4.6" });
    expect(net.host("backup").connections).toEqual([]);
  });

  test("a mail host that is this machine, and those of the same or a higher preference value, are not tried", async () => {
    const net = await internet("one MX 10 sender\none MX 20 mx\ntwo MX 10 mx\ntwo MX 20 sender", { mx: ["127.0.0.11", {}], sender: ["127.0.0.12", {}] });
    const delivery = service(net);
    expect(only(await delivery.send(mail("bob@one.example")))).toMatchObject({ outcome: "bounced", class: "routing", enhanced_code: "5.4.6" });
    expect(net.host("mx").connections).toEqual([]);
    expect(only(await delivery.send(mail("bob@two.example")))).toMatchObject({ outcome: "delivered" });
  });

  test("a host of the same preference as this machine is not tried even if the better ones are unreachable", async () => {
    const hosts = { gone: ["127.0.0.13", null], sender: ["127.0.0.12", {}], beside: ["127.0.0.11", {}] } as const;
    const net = await internet("one MX 10 gone\none MX 20 sender\none MX 20 beside", hosts);
    expect(only(await service(net).send(mail("bob@one.example")))).toMatchObject({ outcome: "failed", class: "network" });
    expect([net.host("beside").connections, net.host("sender").connections]).toEqual([[], []]);
  });
});

describe("a run", () => {
  test("that ends early reports the decisions so far, and leaves no connection open", async () => {
    const net = await internet("one MX 10 mx\ntwo MX 10 slow", { mx: ["127.0.0.11", {}], slow: ["127.0.0.12", { silentAt: "rcpt" }] });
    const report = await service(net, { timeout_ms: 400, limits: { idle_ms: 0 } }).send(mail(["bob@one.example", "cem@two.example"]));
    expect(report.recipients.map(({ outcome, failure }) => [outcome, failure?.code ?? null])).toEqual([
      ["delivered", null],
      ["failed", "timeout"],
    ]);
    await expect.poll(() => net.host("slow").openSockets + net.host("mx").openSockets).toBe(0);
  });

  test("that ends after the final dot reports unknown", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", { silentAt: "dot" }] });
    const report = await service(net).send(mail("bob@one.example"), { signal: AbortSignal.timeout(200) });
    expect(only(report)).toMatchObject({ outcome: "unknown", failure: { code: "cancelled" } });
  });

  test("an invalid request is refused", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    await expect(service(net).send(mail("bob@one.example", { mail_from: "nobody" }))).rejects.toMatchObject({ code: "invalid_input" });
    await expect(service(net).send(mail([]))).rejects.toMatchObject({ code: "invalid_input" });
    expect(() => service(net, { ...inside(net), mode: "relay" })).toThrow(/options/);
    expect(() => service(net, { nonsense: 1 } as never)).toThrow(/options/);
  });

  test.each([
    ["a single recipient", { recipients: "bob@one.example" }, "/recipients"],
    ["no text for a recipient", { recipients: [null] }, "/recipients/0"],
    ["another priority", { priority: "URGENT" }, "/priority"],
    ["a wish for reports that there is not", { dsn: { notify: "sometimes" } }, "/dsn/notify"],
    ["a word for yes", { requiretls: "yes" }, "/requiretls"],
    ["a number for a message", { message: 3 }, "/message"],
    ["a field of another name", { recipient: "bob@one.example" }, "/recipient"],
    ["a field of the message that is no text", { message: undefined, fields: { subject: 3 } }, "/fields/subject"],
    ["an id that is empty", { id: "" }, "/id"],
    ["a field that cannot be copied", { message: undefined, fields: () => 1 }, "/fields"],
  ])("%s is refused with the name of the field, and nothing is sent", async (_, wrong, pointer) => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const sending = service(net).send(mail("bob@one.example", wrong as never));
    await expect(sending).rejects.toMatchObject({ code: "invalid_input", violations: [{ pointer }] });
    expect(net.host("mx").connections).toEqual([]);
  });

  test.each([null, undefined, "mail", 3])("%j is refused as a message, as a list of messages and as options", async (nothing) => {
    const delivery = service(await internet(ONE, { mx: ["127.0.0.11", {}] }));
    await expect(delivery.send(nothing as never)).rejects.toMatchObject({ code: "invalid_input" });
    await expect(delivery.sendBulk([nothing] as never)).rejects.toMatchObject({ code: "invalid_input" });
    await expect(delivery.sendBulk((nothing === "mail" ? 4 : nothing) as never)).rejects.toMatchObject({ code: "invalid_input" });
    if (nothing !== undefined) expect(() => createDelivery(nothing as never)).toThrow(/must be an object/);
  });

  test("an invalid message in a list is reported before any is sent", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const wrong = [mail("bob@one.example"), mail("cem@one.example", { mail_from: "nobody" })];
    await expect(service(net).sendBulk(wrong)).rejects.toMatchObject({ code: "invalid_input", violations: [{ pointer: "/mail_from" }] });
    expect(net.host("mx").connections).toEqual([]);
  });

  test("the fields object of a caller is not changed", async () => {
    const net = await internet(ONE, { mx: ["127.0.0.11", {}] });
    const fields = Object.freeze({ subject: "Hello", text: "Hello, Bob." });
    const { message: _, ...rest } = mail("bob@one.example");
    expect(only(await service(net).send({ ...rest, fields })).outcome).toBe("delivered");
    expect(fields).toEqual({ subject: "Hello", text: "Hello, Bob." });
  });
});
