import { expect, test } from "vitest";
import { recordTranscripts } from "../../../runner/lab/record.js";
import { parseTranscript } from "../../../runner/lab/transcript.js";
import { type ConversationLine, playTranscript } from "../../../runner/lab/transcript-server.js";
import type { TraceEvent } from "../../../runner/run/recorder.js";
import { RawClient } from "../../support/raw-client.js";

/** Talks to a server as a run would, and keeps what a run would trace. */
async function converse(port: number): Promise<TraceEvent[]> {
  const events: TraceEvent[] = [];
  const note = (direction: TraceEvent["direction"], text: string): void => void events.push({ at_ms: performance.now(), direction, text });
  const client = await RawClient.open(port);
  note("note", "connected");
  note("received", await client.reply());
  for (const line of ["EHLO client.example", "STARTTLS", "EHLO client.example", "NOOP", "QUIT"]) {
    note("sent", line);
    note("received", await client.ask(line));
    if (line !== "STARTTLS") continue;
    await client.startTls();
    note("note", "TLSv1.3 with TLS_AES_256_GCM_SHA384, certificate self_signed");
  }
  await client.rest();
  return events;
}

async function played(text: string): Promise<{ conversation: readonly ConversationLine[]; events: TraceEvent[] }> {
  const server = await playTranscript(text);
  const events = await converse(server.port);
  await server.close();
  expect(server.mismatches).toEqual([]);
  return { conversation: server.conversation, events };
}

test("what was recorded plays the same conversation again", async () => {
  const first = await played(`# The original.
S: 220 mx.example.org \\t ESMTP \\\\o/
C: EHLO *
S: 250-mx.example.org
S: 250 STARTTLS
C: STARTTLS
S: 220 go
@starttls
C: EHLO *
S: 250 mx.example.org
C: NOOP
@delay 30ms
S: 250 2.0.0 OK
C: QUIT
S: 221 bye
`);
  const [recorded = ""] = recordTranscripts(first.events, "A recording\nof a run");
  expect(recorded).toContain("# A recording of a run\n");
  const delay = parseTranscript(recorded).steps.find(
    (step, index, steps) => step.kind === "delay" && steps[index - 1]?.kind === "expect" && JSON.stringify(steps[index - 1]).includes("NOOP"),
  );
  expect(delay).toMatchObject({ kind: "delay", milliseconds: expect.toSatisfy((milliseconds: number) => milliseconds >= 29 && milliseconds < 200) });
  expect((await played(recorded)).conversation).toEqual(first.conversation);
});

test("a mask matches any secret, a literal star matches a star, and control characters survive", () => {
  const [recorded = ""] = recordTranscripts(
    [
      { at_ms: 1, direction: "note", text: "TLSv1.3 with X, certificate trusted" },
      { at_ms: 3, direction: "received", text: "220 caf\u00e9 \u0007\\" },
      { at_ms: 4, direction: "sent", text: "AUTH PLAIN [secret]" },
      { at_ms: 24.4, direction: "received", text: "535 no" },
      { at_ms: 25, direction: "sent", text: "*" },
      { at_ms: 26, direction: "received", text: "501-a\n501 b" },
    ],
    "x",
  );
  expect(recorded).toBe("# x\n@tls\nS: 220 caf\u00e9 \\x07\\\\\nC: AUTH PLAIN *\n@delay 20ms\nS: 535 no\nC: \\*\nS: 501-a\nS: 501 b\n");
  expect(() => parseTranscript(recorded)).not.toThrow();
});

test("each connection of a run has a separate transcript, those of parts too", () => {
  const event = (at_ms: number, direction: TraceEvent["direction"], text: string, part: string): TraceEvent => ({ at_ms, direction, text, part });
  const events = [
    event(0, "received", "220 mx", "send"),
    event(1, "received", "* OK here", "imap"),
    event(2, "sent", "QUIT", "send"),
    event(3, "note", "connected to 192.0.2.2 port 25", "send"),
    event(4, "received", "220 mx2", "send"),
    event(30, "received", "* 1 EXISTS", "imap"),
  ];
  expect(recordTranscripts(events, "all")).toEqual([
    "# all\nS: 220 mx\nC: QUIT\n",
    "# all, connection 2\nS: * OK here\n@delay 29ms\nS: * 1 EXISTS\n",
    "# all, connection 3\nS: 220 mx2\n",
  ]);
});

test("values that differ between runs become wildcards", () => {
  const sent = (text: string): string => {
    const [recorded = ""] = recordTranscripts([{ at_ms: 0, direction: "sent", text }], "x");
    return recorded.slice("# x\nC: ".length, -1);
  };
  expect(sent("EHLO host-17.example.net")).toBe("EHLO *");
  expect(sent("ehlo [192.0.2.7]")).toBe("ehlo *");
  expect(sent("Message-ID: <1@host>")).toBe("Message-ID: *");
  expect(sent("Date: Fri, 20 Nov 2026 10:00:00 +0000")).toBe("Date: *");
  expect(sent("MAIL FROM:<a@b.example> SIZE=1234 BODY=8BITMIME")).toBe("MAIL FROM:<a@b.example> SIZE=* BODY=8BITMIME");
  expect(sent('a3 UID SEARCH SINCE 19-Nov-2026 SUBJECT "probe 2026-11-20T10:00:00Z 1a2b3c"')).toBe('a3 UID SEARCH SINCE * SUBJECT "probe *"');
  expect(sent("RCPT TO:<q8x7z2kf9w1m4d@b.example>")).toBe("RCPT TO:<*@b.example>");
  expect(sent("RCPT TO:<postmaster@administration.example>")).toBe("RCPT TO:<postmaster@administration.example>");
  expect(sent("a1 FETCH 1:* (FLAGS)")).toBe("a1 FETCH 1:\\* (FLAGS)");
});

test("a message becomes @message, in any portions", () => {
  for (const portions of [["Subject: x\r\n\r\nprivate\r\n.\r\n"], ["Subject: x\r\n\r\npriv", "ate\r\n", ".\r\n"], [".\r\n"]]) {
    const events: TraceEvent[] = [
      { at_ms: 0, direction: "sent", text: "DATA" },
      { at_ms: 1, direction: "received", text: "354 go" },
      ...portions.map((text): TraceEvent => ({ at_ms: 2, direction: "sent", text })),
      { at_ms: 3, direction: "received", text: "250 ok" },
      { at_ms: 3, direction: "sent", text: "QUIT" },
    ];
    expect(recordTranscripts(events, "x")).toEqual(["# x\nC: DATA\nS: 354 go\n@message\nS: 250 ok\nC: QUIT\n"]);
  }
});

test("a run without a conversation is a transcript that closes", () => {
  expect(recordTranscripts([{ at_ms: 0, direction: "note", text: "no connection: refused" }], "x")).toEqual(["# x\n@close\n"]);
  expect(recordTranscripts([], "x")).toEqual(["# x\n@close\n"]);
});
