import { afterEach, expect, test } from "vitest";
import { type SmtpServer, type SmtpServerOptions, startSmtpServer } from "../../../../runner/lab/smtp-server.js";
import { playTranscript } from "../../../../runner/lab/transcript-server.js";
import { openMail } from "../../../../runner/watch/receivers/mail.js";
import { batchOf, incidents } from "./sending.js";

let server: SmtpServer | null = null;
afterEach(() => server?.close());

async function opened(options: SmtpServerOptions = {}) {
  server = await startSmtpServer(options);
  const send = { host: server.host, port: server.port, tls: "none", from_addr: "Watch <watch@sender.example>" };
  return { send, server };
}

function headers(message: string): Map<string, string> {
  const [head = ""] = message.split("\r\n\r\n");
  return new Map(
    head
      .replace(/\r\n[ \t]+/g, " ")
      .split("\r\n")
      .map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
}

test("one mail for all changes of a batch, in the thread of each incident", async () => {
  const event = await incidents();
  const {
    send,
    server: { messages },
  } = await opened();
  const deliverer = await openMail("ops@recipient.example", send);
  await deliverer.deliver(batchOf([event("mx1", "error"), event("mx2", "error")]));
  await deliverer.deliver(batchOf([event("mx1", "recovered")]));
  const [failed, recovered] = messages.map(({ raw }) => Buffer.from(raw).toString("utf8")) as [string, string];
  expect(messages).toHaveLength(2);
  expect(failed).toContain("FAILED  mx1 network.tcp port");
  expect(failed).toContain("FAILED  mx2 network.tcp port");
  expect(failed).toContain("reason   refused in connect");
  expect(headers(failed).get("subject")).toMatch(/^\[our mail\] 2 failed /);
  expect(headers(failed).get("auto-submitted")).toBe("auto-generated");
  expect(headers(recovered).get("subject")).toMatch(/^\[our mail\] recovered: mx1 network\.tcp port /);
  expect(headers(recovered).get("in-reply-to")).toBe(headers(failed).get("in-reply-to"));
  expect(headers(recovered).get("message-id")).not.toBe(headers(failed).get("message-id"));
  expect(headers(failed).get("references")?.split(" ")).toHaveLength(2);
  deliverer.close();
});

test("a second copy has the same Message-ID, and says that it may be one", async () => {
  const event = await incidents();
  const {
    send,
    server: { messages },
  } = await opened();
  const deliverer = await openMail("ops@recipient.example", send);
  const events = [event("mx1", "error")];
  await deliverer.deliver(batchOf(events));
  await deliverer.deliver(batchOf(events, true));
  const [first, second] = messages.map(({ raw }) => Buffer.from(raw).toString("utf8")) as [string, string];
  expect(headers(first).get("message-id")).toBe(headers(second).get("message-id"));
  expect(first).not.toContain("second copy");
  expect(second).toContain("second copy");
  deliverer.close();
});

test("text of a server changes neither the header nor the lines", async () => {
  const event = await incidents();
  const {
    send,
    server: { messages },
  } = await opened();
  const deliverer = await openMail("ops@recipient.example", send);
  await deliverer.deliver(batchOf([event("mx1", "error", { reason: "bad\r\nBcc: other@example.org\r\n.\r\nRCPT TO:<x@y>\u001b[2J" })]));
  const text = Buffer.from(messages[0]?.raw ?? []).toString("utf8");
  expect([...headers(text).keys()]).not.toContain("bcc");
  expect(text).toContain("bad\\r");
  expect(text).not.toContain("\u001b");
  expect(messages).toHaveLength(1);
  deliverer.close();
});

test("a server that cannot be reached, and one that refuses the recipient", async () => {
  const event = await incidents();
  const { send } = await opened();
  await server?.close();
  const batch = batchOf([event("mx1", "error")]);
  await expect((await openMail("ops@recipient.example", send)).deliver(batch)).rejects.toMatchObject({
    code: "failed",
    message: expect.stringContaining("ops@recipient.example"),
  });
  const refusing = await playTranscript(`S: 220 hello
C: EHLO *
S: 250 hello
C: MAIL FROM:*
S: 250 ok
C: RCPT TO:*
S: 550 5.1.1 no such user
C: QUIT
S: 221 bye
`);
  const deliverer = await openMail("ops@recipient.example", { ...send, port: refusing.port });
  await expect(deliverer.deliver(batch)).rejects.toMatchObject({ code: "refused" });
  await refusing.close();
});

test("a server that takes the message and gives no answer: what may have arrived is not sent without end", async () => {
  const event = await incidents();
  const { send } = await opened();
  const closing = await playTranscript(`S: 220 hello
C: EHLO *
S: 250 hello
C: MAIL FROM:*
S: 250 ok
C: RCPT TO:*
S: 250 ok
C: DATA
S: 354 go on
@message
@close
`);
  const deliverer = await openMail("ops@recipient.example", { ...send, port: closing.port });
  await expect(deliverer.deliver(batchOf([event("mx1", "error")]))).rejects.toMatchObject({
    code: "refused",
    message: expect.stringMatching(/^mail to ops@recipient\.example: .*; it may have arrived$/),
  });
  deliverer.close();
  await closing.close();
});
