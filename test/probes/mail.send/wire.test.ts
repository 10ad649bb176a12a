import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseMailbox } from "../../../runner/net/smtp/mailbox.js";
import { transaction } from "../../../runner/net/smtp/transaction.js";
import { greetedSession, testRun } from "../../support/smtp-context.js";
import { type RawSink, startRawSink } from "./raw-sink.js";
import { type SendInput, send } from "./send.js";

let sink: RawSink;
beforeAll(async () => {
  sink = await startRawSink();
});
afterAll(() => sink.close());

/** What went over the wire between DATA and QUIT. */
function messageOf(bytes: string): string {
  const from = bytes.indexOf("DATA\r\n") + 6;
  const to = bytes.lastIndexOf("QUIT\r\n");
  return bytes.slice(from, to === -1 ? undefined : to);
}

async function sent(input: SendInput): Promise<string> {
  const output = await send(sink.port, input);
  expect(output).toMatchObject({ status: "ok", delivery: "accepted" });
  return sink.received.at(-1) as string;
}

/** What some server takes for the end of a message (checklist 72). */
const ENDS = [
  "\n.\n",
  "\r.\r",
  "\r.\n",
  "\n.\r",
  "\n.\r\n",
  "\r\n.\n",
  "\r.\r\n",
  "\r\n.\r",
  "\r\n\0.\r\n",
  "\r\n.\0\r\n",
  "\r\n.\r\n",
  ".\r\n.",
  "\r\n..\r\n",
];
const SMUGGLED = "MAIL FROM:<evil@example.org>\r\nRCPT TO:<victim@example.org>\r\nDATA\r\nSubject: smuggled\r\n\r\nx";

describe("no end of a message can be injected", () => {
  test.each(ENDS.map((end) => [JSON.stringify(end), end] as const))("%s in text, HTML and an attachment", async (_, end) => {
    const content = `before${end}${SMUGGLED}${end}`;
    const bytes = await sent({ text: content, html: content, attachments: [{ name: "a.txt", text: content }] });
    const message = messageOf(bytes);
    expect(bytes.slice(0, bytes.indexOf("DATA\r\n"))).toMatch(/^EHLO [^\r]+\r\nMAIL FROM:<monitor@example\.org>[^\r]*\r\nRCPT TO:<inbox@example\.org>\r\n$/);
    expect(message).not.toMatch(/[^\r]\n|\r(?!\n)|\0/);
    expect(message.indexOf("\r\n.\r\n")).toBe(message.length - 5);
  });

  test.each(ENDS.map((end) => [JSON.stringify(end), end] as const))("%s in given bytes, split at any position", async (_, end) => {
    const content = Buffer.from(`Subject: x\r\n\r\nbefore${end}${SMUGGLED}${end}after`, "latin1");
    const expected = wireForm(content.toString("latin1"));
    for (const size of [1, 2, 3, 7, content.length]) {
      const run = testRun();
      const session = await greetedSession(run, { host: "127.0.0.1", port: sink.port });
      const [sender, recipient] = [parseMailbox("a@example.org"), parseMailbox("b@example.org")];
      if ("problem" in sender || "problem" in recipient) throw new Error("no address");
      const { delivery } = await transaction(session, { sender, recipients: [recipient], message: pieces(content, size) });
      session.close();
      run.state.deadline.release();
      expect(delivery).toBe("accepted");
      expect(messageOf(sink.received.at(-1) as string)).toBe(expected);
    }
  });
});

async function* pieces(content: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let from = 0; from < content.length; from += size) yield content.subarray(from, from + size);
}

/** RFC 5321, section 4.5.2, written down a second time: lines end in CR LF, NUL is left out, and a dot that begins a line is doubled. */
function wireForm(content: string): string {
  const lines = content.replaceAll("\0", "").split(/\r\n|\r|\n/);
  if (lines.at(-1) === "") lines.pop();
  return `${lines.map((line) => `${line.startsWith(".") ? "." : ""}${line}\r\n`).join("")}.\r\n`;
}

describe("a text arrives as written, with any ending", () => {
  test.each(["", ".", "..", ".\n", "one\n.", "one\n.two\n..three\n", "one\r.\r\ntwo", "one\n\n", "one\n\r\n."])("%j", async (text) => {
    const message = messageOf(await sent({ text }));
    const body = message.slice(message.indexOf("\r\n\r\n") + 4);
    const lines = text.split(/\r\n|\r|\n/);
    if (lines.at(-1) === "") lines.pop();
    const expected = lines.map((line) => `${line.startsWith(".") ? "." : ""}${line}\r\n`).join("");
    expect(body).toBe(`${expected}.\r\n`);
  });
});

test("the text has the requested size", async () => {
  for (const size_bytes of [60, 61, 100, 1000, 1001, 1002, 70_000]) {
    const message = messageOf(await sent({ text: "x\n", size_bytes }));
    expect(message.slice(message.indexOf("\r\n\r\n") + 4).length - 3).toBe(size_bytes);
  }
});

test("two runs of the same input differ only in their token and Message-ID", async () => {
  const input = { token: "abc123", message_id: "<1@example.org>", attachments: [{ name: "a.bin", base64: "AAEC" }] };
  const plain = (bytes: string): string => bytes.replace(/\d{4}-\d\d-\d\dT[\d:]+Z/, "TIME").replace(/Date: .*/, "Date");
  expect(plain(await sent(input))).toBe(plain(await sent(input)));
  const [first, second] = [await send(sink.port), await send(sink.port)];
  expect(first.token).not.toBe(second.token);
  expect(first.message_id).not.toBe(second.message_id);
});

test("an address beyond ASCII that is only in the header needs SMTPUTF8, too", async () => {
  const bytes = await sent({ reply_to: "jürgen@example.org" });
  expect(bytes).toMatch(/\r\nMAIL FROM:<monitor@example\.org>[^\r]* SMTPUTF8\r\n/);
  expect(Buffer.from(messageOf(bytes), "latin1").toString("utf8")).toContain("\r\nReply-To: jürgen@example.org\r\n");
});
