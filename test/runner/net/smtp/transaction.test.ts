import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { startSmtpServer } from "../../../../runner/lab/smtp-server.js";
import { playTranscript } from "../../../../runner/lab/transcript-server.js";
import { noop } from "../../../../runner/net/smtp/commands.js";
import { type Mailbox, parseMailbox } from "../../../../runner/net/smtp/mailbox.js";
import type { SmtpSession } from "../../../../runner/net/smtp/session.js";
import { type Envelope, type Transaction, transaction } from "../../../../runner/net/smtp/transaction.js";
import { type Listener, listen } from "../../../../runner/net/transport/listen.js";
import { failureError } from "../../../../runner/run/failure-error.js";
import { greetedSession, testRun } from "../../../support/smtp-context.js";

function mailbox(written: string): Mailbox {
  const result = parseMailbox(written);
  if ("problem" in result) throw new Error(result.problem);
  return result;
}

const SENDER = mailbox("a@example.org");
const ONE = mailbox("one@example.org");
const TWO = mailbox("two@example.org");
const MESSAGE = Buffer.from("Subject: x\r\n\r\n.dot\r\n");
const PIPELINING = "S: 250-mx\nS: 250-SIZE 1000\nS: 250 PIPELINING";
const PLAIN = "S: 250-mx\nS: 250 SIZE 1000";
/** How MESSAGE is to arrive. */
const BODY = "C: Subject: x\nC: \nC: ..dot\nC: .";

/** The reply codes, the delivery and the failure. */
function summary({ mail, recipients, data, message, delivery, failure }: Transaction): unknown {
  return {
    codes: [mail?.code ?? null, recipients.map((reply) => reply?.code ?? null), data?.code ?? null, message?.code ?? null],
    delivery,
    failure: failure === null ? null : [failure.phase, failure.code, failure.reply_code],
  };
}

interface Play {
  /** For the reply to the message. */
  answerTimeoutMs?: number | undefined;
  thenNoop?: boolean;
}

async function play(transcript: string, envelope: Partial<Envelope> = {}, { answerTimeoutMs, thenNoop = false }: Play = {}): Promise<unknown> {
  const summaries: unknown[] = [];
  for (const delivery of ["whole", "lines", "bytes"] as const) {
    const server = await playTranscript(`S: 220 mx\nC: EHLO *\n${transcript}${thenNoop ? "\nC: NOOP\nS: 250 still here" : ""}`, { delivery });
    const run = testRun();
    const session = await greetedSession(run, server);
    const timed = answerTimeoutMs === undefined ? {} : { beforeMessage: withTimeout(session, answerTimeoutMs) };
    const result = await transaction(session, { sender: SENDER, recipients: [ONE], message: MESSAGE, ...timed, ...envelope });
    if (thenNoop) expect((await noop(session)).code).toBe(250);
    session.close();
    run.state.deadline.release();
    await server.close();
    expect(server.mismatches.map(({ message }) => message)).toEqual([]);
    summaries.push(summary(result));
  }
  for (const other of summaries) expect(other).toEqual(summaries[0]);
  return summaries[0];
}

/** What comes before the message has its time, however busy the machine is. */
function withTimeout({ options }: SmtpSession, timeoutMs: number): () => Promise<void> {
  return async () => {
    options.command_timeout_ms = timeoutMs;
  };
}

describe.each([
  ["one by one", PLAIN],
  ["in one write", PIPELINING],
])("%s", (_, offer) => {
  const pipelined = offer === PIPELINING;

  test("a message is accepted", async () => {
    const commands = pipelined
      ? "C: MAIL FROM:<a@example.org> SIZE=20\nC: RCPT TO:<one@example.org>\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go"
      : "C: MAIL FROM:<a@example.org> SIZE=20\nS: 250 ok\nC: RCPT TO:<one@example.org>\nS: 250 ok\nC: DATA\nS: 354 go";
    expect(await play(`${offer}\n${commands}\n${BODY}\nS: 250 2.0.0 queued`, {}, { thenNoop: true })).toEqual({
      codes: [250, [250], 354, 250],
      delivery: "accepted",
      failure: null,
    });
  });

  test("it is sent to accepted recipients", async () => {
    const commands = pipelined
      ? "C: MAIL *\nC: RCPT *one*\nC: RCPT *two*\nC: DATA\nS: 250 ok\nS: 550 5.1.1 no\nS: 251 forwarded\nS: 354 go"
      : "C: MAIL *\nS: 250 ok\nC: RCPT *one*\nS: 550 5.1.1 no\nC: RCPT *two*\nS: 251 forwarded\nC: DATA\nS: 354 go";
    expect(await play(`${offer}\n${commands}\n${BODY}\nS: 250 queued`, { recipients: [ONE, TWO] })).toEqual({
      codes: [250, [550, 251], 354, 250],
      delivery: "accepted",
      failure: null,
    });
  });

  test("a refused sender ends it, and the session continues", async () => {
    const commands = pipelined ? "C: MAIL *\nC: RCPT *\nC: DATA\nS: 550 5.7.1 not you\nS: 503 no sender\nS: 503 no sender" : "C: MAIL *\nS: 550 5.7.1 not you";
    expect(await play(`${offer}\n${commands}`, {}, { thenNoop: true })).toEqual({
      codes: pipelined ? [550, [503], 503, null] : [550, [null], null, null],
      delivery: "refused",
      failure: ["mail", "reply_rejected", 550],
    });
  });

  test("if every recipient is refused, the transaction ends", async () => {
    const commands = pipelined
      ? "C: MAIL *\nC: RCPT *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 450 later\nS: 550 no\nS: 554 no recipients\nC: RSET\nS: 250 ok"
      : "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 450 later\nC: RCPT *\nS: 550 no\nC: RSET\nS: 250 ok";
    expect(await play(`${offer}\n${commands}`, { recipients: [ONE, TWO] }, { thenNoop: true })).toEqual({
      codes: [250, [450, 550], pipelined ? 554 : null, null],
      delivery: "refused",
      failure: ["rcpt", "reply_rejected", 450],
    });
  });

  test("a refused message is refused for all", async () => {
    const commands = pipelined
      ? "C: MAIL *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go"
      : "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go";
    expect(await play(`${offer}\n${commands}\n@message\nS: 554 5.6.0 spam`, {}, { thenNoop: true })).toEqual({
      codes: [250, [250], 354, 554],
      delivery: "refused",
      failure: ["data", "reply_rejected", 554],
    });
  });

  test.each([
    ["the connection is closed", "@close", "closed", undefined],
    ["the connection is reset", "@reset", "reset", undefined],
    ["nothing is answered", "@silence", "timeout", 150],
  ])("after the final dot %s: the outcome is unknown", async (_name, end, code, answerTimeoutMs) => {
    const commands = pipelined
      ? "C: MAIL *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go"
      : "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go";
    expect(await play(`${offer}\n${commands}\n@message\n${end}`, {}, { answerTimeoutMs })).toEqual({
      codes: [250, [250], 354, null],
      delivery: "unknown",
      failure: ["data", code, null],
    });
  });

  test("a server that sends 421 after the final dot", async () => {
    const commands = pipelined
      ? "C: MAIL *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go"
      : "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go";
    expect(await play(`${offer}\n${commands}\n@message\nS: 421 4.3.0 going down\n@close`)).toEqual({
      codes: [250, [250], 354, 421],
      delivery: "refused",
      failure: ["data", "reply_rejected", 421],
    });
  });

  test("after a 250 to DATA nothing is sent", async () => {
    const commands = pipelined
      ? "C: MAIL *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 250 ok\n@expect-close"
      : "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 250 ok\n@expect-close";
    expect(await play(`${offer}\n${commands}`)).toEqual({
      codes: [250, [250], 250, null],
      delivery: "not_sent",
      failure: ["data", "protocol_violation", null],
    });
  });
});

describe("PIPELINING", () => {
  test("354 although every recipient was refused is answered with a lone dot", async () => {
    const commands = "C: MAIL *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 550 no\nS: 354 go\nC: .\nS: 554 no recipients";
    expect(await play(`${PIPELINING}\n${commands}`, {}, { thenNoop: true })).toEqual({
      codes: [250, [550], 354, 554],
      delivery: "refused",
      failure: ["rcpt", "reply_rejected", 550],
    });
  });

  test("replies before the connection was lost are kept", async () => {
    expect(await play(`${PIPELINING}\nC: MAIL *\nC: RCPT *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 550 no\n@close`, { recipients: [ONE, TWO] })).toEqual({
      codes: [250, [550, null], null, null],
      delivery: "not_sent",
      failure: ["rcpt", "closed", null],
    });
  });

  test("a server that refuses the sender and closes has refused", async () => {
    expect(await play(`${PIPELINING}\nC: MAIL *\nC: RCPT *\nC: DATA\nS: 554 5.7.1 listed\n@close`)).toEqual({
      codes: [554, [null], null, null],
      delivery: "refused",
      failure: ["mail", "reply_rejected", 554],
    });
  });
});

describe("while the message is sent", () => {
  const open = `${PIPELINING}\nC: MAIL *\nC: RCPT *\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go`;

  async function* slowly(pauseMs = 100, paused = (): unknown => undefined): AsyncGenerator<Uint8Array> {
    yield Buffer.from("first line\r\n");
    yield Buffer.from("second line\r\n");
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    await paused();
    yield Buffer.from("third line\r\n");
  }

  test("a source may take longer than a command", async () => {
    const server = await playTranscript(`S: 220 mx\nC: EHLO *\n${open}\nC: first line\nC: second line\nC: third line\nC: .\nS: 250 ok`);
    const run = testRun();
    const session = await greetedSession(run, server);
    const message = slowly(400, withTimeout(session, 20_000));
    const result = await transaction(session, { sender: SENDER, recipients: [ONE], message, beforeMessage: withTimeout(session, 300) });
    expect(summary(result)).toEqual({ codes: [250, [250], 354, 250], delivery: "accepted", failure: null });
    session.close();
    run.state.deadline.release();
    await server.close();
    expect(server.mismatches).toEqual([]);
  });

  test("a server that stops reading has the timeout of a reply", async () => {
    const server = await playTranscript(`S: 220 mx\nC: EHLO *\n${open}\n@delay 25s`);
    const run = testRun();
    const session = await greetedSession(run, server);
    const began = performance.now();
    const envelope = { sender: SENDER, recipients: [ONE], size: 1, message: Buffer.alloc(16 * 1024 * 1024, "x") };
    const result = await transaction(session, { ...envelope, beforeMessage: withTimeout(session, 300) });
    expect(summary(result)).toEqual({ codes: [250, [250], 354, null], delivery: "not_sent", failure: ["data", "timeout", null] });
    expect(performance.now() - began).toBeLessThan(20_000);
    run.state.deadline.release();
    await server.close();
  });

  test("an early refusal stops it", async () => {
    const server = await playTranscript(`S: 220 mx\nC: EHLO *\n${open}\nC: first line\nS: 552 5.3.4 enough\n@expect-close`);
    const run = testRun();
    const session = await greetedSession(run, server);
    const result = await transaction(session, { sender: SENDER, recipients: [ONE], message: slowly() });
    expect(summary(result)).toEqual({ codes: [250, [250], 354, 552], delivery: "refused", failure: ["data", "reply_rejected", 552] });
    run.state.deadline.release();
    await server.close();
  });

  test("a connection lost before the final dot has delivered nothing", async () => {
    const server = await playTranscript(`S: 220 mx\nC: EHLO *\n${open}\nC: first line\n@close`);
    const run = testRun();
    const session = await greetedSession(run, server);
    const result = await transaction(session, { sender: SENDER, recipients: [ONE], message: slowly() });
    expect(summary(result)).toEqual({ codes: [250, [250], 354, null], delivery: "not_sent", failure: ["data", "closed", null] });
    run.state.deadline.release();
    await server.close();
  });

  // Two sockets hold less than 16 MB between them: the end of the message cannot have been handed to the system.
  test.each(["destroy", "resetAndDestroy"] as const)("a server that stops inside it (%s) has not accepted it", async (stop) => {
    const server = await serverThatStops(stop);
    const largest = Buffer.alloc(20 * 1024 * 1024, "0123456789abcdef\r\n".repeat(4096));
    for (const size of [16, 17, 20]) {
      const run = testRun();
      const session = await greetedSession(run, server);
      const message = largest.subarray(0, size * 1024 * 1024);
      const { delivery, failure } = await transaction(session, { sender: SENDER, recipients: [ONE], size: 1, message });
      expect([delivery, failure?.phase]).toEqual(["not_sent", "data"]);
      run.state.deadline.release();
    }
  });

  test("a 250 that arrives before the final dot was written is not the reply to the message", async () => {
    const server = await inTheMessage((socket) => {
      socket.pause();
      setTimeout(() => socket.write("250 2.0.0 thanks\r\n"), 100);
    });
    const run = testRun();
    const session = await greetedSession(run, server);
    // The source's end is written, dot included, into a socket that takes no more.
    async function* source(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("first line\r\n");
      yield Buffer.from("second line\r\n");
      await new Promise((resolve) => setTimeout(resolve, 30));
      session.connection.socket.cork();
      yield Buffer.from("the end\r\n");
    }
    const { delivery, failure } = await transaction(session, { sender: SENDER, recipients: [ONE], message: source() });
    expect([delivery, failure?.code]).toEqual(["not_sent", "protocol_violation"]);
    run.state.deadline.release();
    await server.close();
  });

  test("a source that fails ends the connection, so that no part of a message is delivered as a whole one", async () => {
    async function* breaking(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("first line\r\n");
      throw new Error("the disk is gone");
    }
    const server = await playTranscript(`S: 220 mx\nC: EHLO *\n${open}\n@expect-close`);
    const run = testRun();
    const session = await greetedSession(run, server);
    await expect(transaction(session, { sender: SENDER, recipients: [ONE], message: breaking() })).rejects.toThrow("the disk is gone");
    run.state.deadline.release();
    await server.close();
    expect(server.mismatches).toEqual([]);
  });
});

describe("nothing is sent", () => {
  const refused: [string, string, Partial<Envelope>, [string, string]][] = [
    ["a message that is larger than SIZE", "S: 250-mx\nS: 250 SIZE 19", {}, ["mail", "limit_exceeded"]],
    ["bytes beyond ASCII without 8BITMIME", "S: 250 mx", { message: Buffer.from("ü") }, ["mail", "unsupported"]],
    ["a sender beyond ASCII without SMTPUTF8", "S: 250 mx", { sender: mailbox("jürgen@example.org") }, ["mail", "unsupported"]],
    ["a recipient beyond ASCII without SMTPUTF8", "S: 250 mx", { recipients: [ONE, mailbox("jürgen@example.org")] }, ["rcpt", "unsupported"]],
    ["SMTPUTF8 that the caller wants", "S: 250 mx", { smtpUtf8: true }, ["mail", "unsupported"]],
    ["no recipient", "S: 250 mx", { recipients: [] }, ["rcpt", "not_permitted"]],
  ];
  test.each(refused)("%s", async (_, offer, envelope, failure) => {
    expect(await play(`${offer}\n@expect-close`, envelope)).toMatchObject({ delivery: "not_sent", failure: [...failure, null] });
  });
});

describe("bytes beyond ASCII", () => {
  const UTF8 = "Subject: Grüße\r\n";
  const LATIN = Buffer.from("Subject: Gr\u00fc\u00dfe\r\n\r\nx\r\n", "latin1");
  const HEADER = "the message header has characters beyond ASCII, which need SMTPUTF8 (RFC 6532), and the server does not offer it; nothing was sent";
  const OTHER =
    "the message header has bytes that are not UTF-8, which no standard allows (RFC 6532), and the server does not offer 8BITMIME; nothing was sent";
  const BODY_FAULT = "the message body has bytes beyond ASCII, which need 8BITMIME (RFC 6152), and the server does not offer 8BITMIME; nothing was sent";

  test.each<[string, string, Buffer | string, string]>([
    ["in the header", "S: 250 mx", `${UTF8}\r\nx\r\n`, HEADER],
    ["in the header, for a server with 8BITMIME", "S: 250-mx\nS: 250 8BITMIME", `${UTF8}\r\nx\r\n`, HEADER],
    ["in the header and in the body", "S: 250 mx", `${UTF8}\r\nü\r\n`, HEADER],
    ["in the header, with line ends of another kind", "S: 250 mx", "Subject: ü\n\nx\n", HEADER],
    ["in the header that are not UTF-8", "S: 250 mx", LATIN, OTHER],
    ["in the body", "S: 250 mx", "Subject: x\r\n\r\nü\r\n", BODY_FAULT],
    ["in the body of a message without a header", "S: 250 mx", "\r\nü\r\n", BODY_FAULT],
    ["in both, for a server with SMTPUTF8 only", "S: 250-mx\nS: 250 SMTPUTF8", `${UTF8}\r\nü\r\n`, BODY_FAULT],
  ])("%s: the failure says what they need", async (_, offer, message, words) => {
    const server = await playTranscript(`S: 220 mx\nC: EHLO *\n${offer}\n@expect-close`);
    const run = testRun();
    const session = await greetedSession(run, server);
    const { failure, delivery } = await transaction(session, {
      sender: SENDER,
      recipients: [ONE],
      message: typeof message === "string" ? Buffer.from(message) : message,
    });
    session.close();
    run.state.deadline.release();
    await server.close();
    expect([delivery, failure?.phase, failure?.code, failure?.message]).toEqual(["not_sent", "mail", "unsupported", words]);
  });

  test.each<[string, string, string]>([
    ["S: 250-mx\nS: 250-8BITMIME\nS: 250 SMTPUTF8", `${UTF8}\r\nx\r\n`, "BODY=8BITMIME SMTPUTF8"],
    ["S: 250-mx\nS: 250 SMTPUTF8", `${UTF8}\r\nx\r\n`, "SMTPUTF8"],
    ["S: 250-mx\nS: 250-8BITMIME\nS: 250 SMTPUTF8", "Subject: x\r\n\r\nü\r\n", "BODY=8BITMIME"],
  ])("MAIL says it: %j, %j", async (offer, message, words) => {
    const transcript = `${offer}\nC: MAIL FROM:<a@example.org> ${words}\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\n@message\nS: 250 ok`;
    expect(await play(transcript, { message: Buffer.from(message) })).toMatchObject({ delivery: "accepted" });
  });
});

test("capabilities of the server are used: BODY, SMTPUTF8, SIZE without a limit", async () => {
  const sender = mailbox("jürgen@bücher.example");
  const transcript =
    "S: 250-mx\nS: 250-SIZE\nS: 250-8BITMIME\nS: 250 SMTPUTF8\nC: MAIL FROM:<jürgen@bücher.example> SIZE=4 BODY=8BITMIME SMTPUTF8\nS: 250 ok\n" +
    "C: RCPT TO:<one@example.org>\nS: 250 ok\nC: DATA\nS: 354 go\nC: ü\nC: .\nS: 250 ok";
  expect(await play(transcript, { sender, message: Buffer.from("ü") })).toMatchObject({ delivery: "accepted" });
});

test("a bounce has the null reverse-path", async () => {
  const transcript = "S: 250 mx\nC: MAIL FROM:<>\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\n@message\nS: 250 ok";
  expect(await play(transcript, { sender: null })).toMatchObject({ delivery: "accepted" });
});

test("megabytes arrive unchanged, over a session that continues", async () => {
  const server = await startSmtpServer();
  const run = testRun(60_000);
  const session = await greetedSession(run, server);
  const large = Buffer.from(`Subject: large\r\n\r\n${".every line begins with a dot\r\n".repeat(100_000)}`);
  async function* inPieces(): AsyncGenerator<Uint8Array> {
    for (let from = 0; from < large.length; from += 9_999) yield large.subarray(from, from + 9_999);
  }
  for (const message of [large, inPieces()]) {
    const result = await transaction(session, { sender: SENDER, recipients: [ONE, TWO], message });
    expect(summary(result)).toMatchObject({ delivery: "accepted", failure: null });
  }
  session.close();
  run.state.deadline.release();
  await server.close();
  expect(server.messages.map(({ raw }) => raw.equals(large))).toEqual([true, true]);
});

describe("before the message", () => {
  const UP_TO_DATA = "C: MAIL *\nC: RCPT *one*\nC: RCPT *two*\nC: DATA\nS: 250 ok\nS: 550 5.1.1 no\nS: 250 ok\nS: 354 go";

  test("the journal gets the accepted recipients", async () => {
    const journal: (readonly number[])[] = [];
    const beforeMessage = async (accepted: readonly number[]): Promise<void> => void journal.push(accepted);
    await play(`${PIPELINING}\n${UP_TO_DATA}\n${BODY}\nS: 250 queued`, { recipients: [ONE, TWO], beforeMessage });
    expect(journal).toEqual([[1], [1], [1]]);
  });

  test("nothing is sent if the journal fails, and the session ends", async () => {
    const beforeMessage = (): Promise<void> => Promise.reject(failureError("probe", "cancelled", "another worker has this job"));
    expect(await play(`${PIPELINING}\n${UP_TO_DATA}`, { recipients: [ONE, TWO], beforeMessage })).toMatchObject({
      delivery: "not_sent",
      failure: ["probe", "cancelled", null],
    });
  });
});

/** Says yes to everything, and does this with what arrives of the message. */
function inTheMessage(act: (socket: Socket) => unknown): Promise<Listener> {
  return listen((socket) => {
    let isMessage = false;
    socket.write("220 mx\r\n");
    socket.on("data", (bytes: Buffer) => {
      if (isMessage) return act(socket);
      isMessage = bytes.toString("latin1").startsWith("DATA");
      socket.write(isMessage ? "354 go\r\n" : "250 ok\r\n");
    });
  });
}

/** In a process of its own, as real servers are: then a client may find the connection broken between two of its writes. */
async function serverThatStops(how: "destroy" | "resetAndDestroy"): Promise<{ host: string; port: number }> {
  const program = `require("node:net").createServer((socket) => {
    let isMessage = false;
    socket.on("error", () => {});
    socket.write("220 mx\\r\\n");
    socket.on("data", (bytes) => {
      if (isMessage) return socket.${how}();
      isMessage = bytes.toString("latin1").startsWith("DATA");
      socket.write(isMessage ? "354 go\\r\\n" : "250 ok\\r\\n");
    });
  }).listen(0, "127.0.0.1", function () { console.log(this.address().port); });`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill());
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { host: "127.0.0.1", port: Number(line.toString()) };
}
