import { afterEach, describe, expect, test } from "vitest";
import { type Delivery, playTranscript, type TranscriptServer } from "../../../../runner/lab/transcript-server.js";
import { LineConversation } from "../../../../runner/net/transport/line-conversation.js";
import { type AcceptedSocket, listen } from "../../../../runner/net/transport/listen.js";
import { FailureError } from "../../../../runner/run/failure-error.js";
import { type TestRun, testRun } from "../../../support/smtp-context.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

/** Long, because nine thousand portions of one byte take time on a busy machine; tests of the timeout set a short one. */
async function converse(server: { host: string; port: number }, run: TestRun = testRun(), timeoutMs = 5000): Promise<LineConversation> {
  const options = { host: server.host, port: server.port, address_family: "any", connect_timeout_ms: 2000, command_timeout_ms: timeoutMs } as const;
  const conversation = await LineConversation.open(run.context, options);
  open.push(conversation);
  return conversation;
}

async function play(transcript: string, delivery: Delivery = "whole"): Promise<TranscriptServer> {
  const server = await playTranscript(transcript, { delivery });
  open.push(server);
  return server;
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(FailureError);
  return (error as FailureError).failure;
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe.each<Delivery>(["whole", "lines", "bytes"])("delivered in %s", (delivery) => {
  test("lines are read one by one, with any line ends", async () => {
    const run = testRun();
    const conversation = await converse(await play("S: +OK ready\nS| two\\nthree Grüezi\\r\\n\nC: QUIT\nS: bye\n", delivery), run);
    expect((await conversation.line("greeting", "greeting")).text).toBe("+OK ready");
    expect((await conversation.line("second", "greeting")).text).toBe("two");
    expect((await conversation.line("third", "greeting")).text).toBe("three Grüezi");
    expect((await conversation.ask("QUIT", "quit", "QUIT")).text).toBe("bye");
    expect(run.state.recorder.operations.map(({ name, message }) => [name, message]).slice(1)).toEqual([
      ["greeting", "+OK ready"],
      ["second", "two"],
      ["third", "three Grüezi"],
      ["QUIT", "bye"],
    ]);
  });

  test("a line above the length limit is refused, even if it is complete", async () => {
    const conversation = await converse(await play(`S: ${"a".repeat(9000)}\n`, delivery));
    expect(await failureOf(conversation.line("greeting", "greeting"))).toMatchObject({ code: "limit_exceeded", message: "a line of more than 8192 bytes" });
  });
});

test("a missing line ends at the timeout", async () => {
  const conversation = await converse(await play("@silence\n"), testRun(), 250);
  expect(await failureOf(conversation.line("greeting", "greeting"))).toMatchObject({ phase: "greeting", code: "timeout" });
});

test("a peer that closes", async () => {
  const conversation = await converse(await play("S| half a line\n@close\n"));
  expect(await failureOf(conversation.line("greeting", "greeting"))).toMatchObject({ phase: "greeting", code: "closed" });
  expect(await failureOf(conversation.ask("NOOP", "command", "NOOP"))).toMatchObject({ phase: "command", code: "closed" });
});

test("lines before the close are read", async () => {
  const conversation = await converse(await play("S: last words\n@close\n"));
  await pause(50);
  expect((await conversation.line("greeting", "greeting")).text).toBe("last words");
});

test.each(["QUIT\r\nNOOP", "a\nb", "a\0b"])("%j is not sent", async (line) => {
  const server = await play("S: hello\n@expect-close\n");
  const conversation = await converse(server);
  await conversation.line("greeting", "greeting");
  expect(await failureOf(Promise.resolve().then(() => conversation.ask("X", "command", line)))).toMatchObject({ code: "not_permitted" });
});

test("a line without an end is cut off", async () => {
  const conversation = await converse(await play("@repeat forever S| aaaaaaaaaaaaaaaa\n"));
  expect(await failureOf(conversation.line("greeting", "greeting"))).toMatchObject({ code: "limit_exceeded" });
});

test("endless unread lines do not fill the memory", async () => {
  const listener = await listen((socket: AcceptedSocket) => {
    const more = (): void => {
      while (!socket.destroyed && socket.write("another line\r\n".repeat(1000)));
    };
    socket.on("drain", more);
    more();
  });
  open.push(listener);
  const conversation = await converse(listener);
  await expect.poll(() => listener.openSockets).toBe(0);
  expect(await failureOf(conversation.line("greeting", "greeting"))).toMatchObject({ code: "limit_exceeded" });
});
