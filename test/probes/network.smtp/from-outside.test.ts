import { afterAll, afterEach, describe, expect, test } from "vitest";
import { playTranscript } from "../../../runner/lab/transcript-server.js";
import { type AcceptedSocket, listen } from "../../../runner/net/transport/listen.js";
import { childRunner } from "../../support/child-run.js";

const open: { close(): unknown }[] = [];
const child = childRunner();
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});
afterAll(() => child.remove());

const GREETING = "220 mx.example.org ESMTP\r\n";
const CHUNK = 64 * 1024;

/** Writes the same again and again for as long as the client stays, no faster than it reads. */
function flood(socket: AcceptedSocket, text: string): void {
  const chunk = text.repeat(Math.ceil(CHUNK / text.length));
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on("drain", more);
  more();
}

const FLOODS: Readonly<Record<string, (socket: AcceptedSocket) => void>> = {
  "one greeting of endless lines": (socket) => flood(socket, "220-there is more\r\n"),
  "one line without an end": (socket) => flood(socket, "220-aaaaaaaaaaaaaaaa"),
  "greetings without number": (socket) => flood(socket, GREETING),
  "line ends": (socket) => flood(socket, "\n"),
  "an EHLO reply of endless long lines": (socket) => {
    socket.write(GREETING);
    socket.once("data", () => flood(socket, `250-${"a".repeat(4000)}\r\n`));
  },
  "plain text behind the go-ahead for TLS": (socket) => {
    socket.write(`${GREETING}`);
    socket.once("data", () => {
      socket.write("250-mx\r\n250 STARTTLS\r\n");
      socket.once("data", () => flood(socket, "220 go\r\n250 and on\r\n"));
    });
  },
  "what is no TLS during the handshake": (socket) => {
    socket.write(`${GREETING}`);
    socket.once("data", () => {
      socket.write("250-mx\r\n250 STARTTLS\r\n");
      socket.once("data", () => {
        socket.write("220 go\r\n");
        socket.once("data", () => flood(socket, "\x16\x03\x03\x40\x00aaaaaaaaaaaa"));
      });
    });
  },
};

const MAX_RSS_MB = 150;
const RUNS_AT_ONCE = 20;

describe("a peer that floods us", () => {
  test.each(Object.keys(FLOODS))("with %s takes neither our time nor our memory", async (name) => {
    const listener = await listen(FLOODS[name] as (socket: AcceptedSocket) => void);
    open.push(listener);
    const seen = (await child.eval(
      `
      let rss = 0;
      const watch = setInterval(() => { rss = Math.max(rss, process.memoryUsage().rss); }, 10);
      const input = { target_host: "127.0.0.1", target_port: ${listener.port}, tls: { mode: "starttls" }, timeout_ms: 4000 };
      const runs = await Promise.all(Array.from({ length: ${RUNS_AT_ONCE} }, () => run("network.smtp@2.0.0", input)));
      clearInterval(watch);
      const codes = new Set(runs.map(({ output }) => output.failure?.code ?? output.status));
      console.log(JSON.stringify({ rssMb: rss / 1048576, codes: [...codes], outputBytes: JSON.stringify(runs[0]).length }));`,
      ["--max-old-space-size=64"],
    )) as { rssMb: number; codes: string[]; outputBytes: number };
    for (const code of seen.codes) expect(["limit_exceeded", "protocol_violation", "tls_protocol"]).toContain(code);
    expect(seen.rssMb).toBeLessThan(MAX_RSS_MB);
    expect(seen.outputBytes).toBeLessThan(256 * 1024);
    await expect.poll(() => listener.openSockets, { interval: 5 }).toBe(0);
  });
});

describe("a run leaves nothing behind that keeps a process alive", () => {
  const ENDINGS: Readonly<Record<string, { transcript: string; input?: object; options?: string }>> = {
    "that went well": { transcript: "S: 220 mx\nC: EHLO *\nS: 250 mx\nC: NOOP\nS: 250 OK\nC: QUIT\nS: 221 bye\n" },
    "that went well inside TLS": {
      transcript:
        "S: 220 mx\nC: EHLO *\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n@starttls\nC: EHLO *\nS: 250 mx\nC: NOOP\nS: 250 OK\nC: QUIT\nS: 221 bye\n@silence\n",
    },
    "whose command was not answered": { transcript: "S: 220 mx\nC: EHLO *\n@silence\n", input: { command_timeout_ms: 100 } },
    "whose time was up in a handshake": {
      transcript: "S: 220 mx\nC: EHLO *\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n@tls-stall\n",
      input: { timeout_ms: 150 },
    },
    "that was cancelled": { transcript: "@silence\n", options: "{ signal: AbortSignal.timeout(100) }" },
    "that was cancelled before it began": { transcript: "@silence\n", options: "{ signal: AbortSignal.abort() }" },
  };

  test.each(Object.entries(ENDINGS))("%s", async (_name, { transcript, input = {}, options = "{}" }) => {
    const server = await playTranscript(transcript);
    open.push(server);
    const asked = { target_host: "127.0.0.1", target_port: server.port, ...input };
    const { left, status } = (await child.eval(`
      const { output } = await run("network.smtp@2.0.0", ${JSON.stringify(asked)}, ${options});
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
      const left = process.getActiveResourcesInfo().filter((name) => !["PipeWrap", "TTYWrap", "Immediate"].includes(name));
      console.log(JSON.stringify({ left, status: output.status }));`)) as { left: string[]; status: string };
    expect(["ok", "warning", "error"]).toContain(status);
    expect(left).toEqual([]);
  });
});
