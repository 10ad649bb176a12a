import { afterEach, describe, expect, test } from "vitest";
import { type RunOptions, runReport } from "../../../runner/harness/run.js";
import { startImapServer } from "../../../runner/lab/imap-server.js";
import { playTranscript, type TranscriptServer } from "../../../runner/lab/transcript-server.js";

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

const COMMON = { host: "127.0.0.1", tls_mode: "none", auth: { allow_plaintext: true }, token: "1ab0c4", wait_ms: 0 };
const ACCESS_TOKEN = "ya29.a-token";

async function played(transcript: string): Promise<TranscriptServer> {
  const server = await playTranscript(transcript);
  open.push(server);
  return server;
}

describe("an access token", () => {
  const GREETING = "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2 AUTH=PLAIN] hello";
  const line = Buffer.from(`user=ada\u0001auth=Bearer ${ACCESS_TOKEN}\u0001\u0001`).toString("base64");
  const run = (port: number) => runReport("mail.receive", { ...COMMON, port, username: "ada", access_token: ACCESS_TOKEN });

  test("logs in", async () => {
    const server = await played(
      [
        GREETING,
        `C: a1 AUTHENTICATE XOAUTH2 ${line}`,
        "S: a1 OK [CAPABILITY IMAP4rev1] in",
        'C: a2 LIST "" "\\*"',
        'S: * LIST () "/" INBOX',
        "S: a2 OK done",
        'C: a3 EXAMINE "INBOX"',
        "S: * 0 EXISTS",
        "S: a3 OK open",
        "C: a4 LOGOUT",
        "S: a4 OK bye",
      ].join("\n"),
    );
    const { envelope } = await run(server.port);
    expect(server.mismatches).toEqual([]);
    expect(envelope.output).toMatchObject({ error_type: "no_recent_message", auth: { mechanism: "XOAUTH2", accepted: true } });
  });

  test("that is refused is reported with the server's reason, and without the token", async () => {
    const why = Buffer.from('{"status":"400","schemes":"Bearer"}').toString("base64");
    const server = await played(
      [GREETING, `C: a1 AUTHENTICATE XOAUTH2 ${line}`, `S: + ${why}`, "C: ", "S: a1 NO [AUTHENTICATIONFAILED] Invalid credentials"].join("\n"),
    );
    const { envelope } = await run(server.port);
    expect(envelope.output).toMatchObject({ error_type: "execution_error", failure: { phase: "auth" }, auth: { mechanism: "XOAUTH2", accepted: false } });
    expect(JSON.stringify(envelope)).not.toContain(ACCESS_TOKEN);
    expect(JSON.stringify(envelope)).not.toContain(line);
  });
});

describe("a run that is ended early leaves no socket, and reports the reason", () => {
  test.each<[string, (cancelled: AbortSignal) => RunOptions, string]>([
    ["its time is up", () => ({ timeoutMs: 1000 }), "timeout"],
    ["it is cancelled", (cancelled) => ({ signal: cancelled }), "cancelled"],
  ])("while it listens, because %s", async (_why, options, code) => {
    const cancel = new AbortController();
    const cancelLater = (): undefined => void (code === "cancelled" && setTimeout(() => cancel.abort(), 50));
    const server = await startImapServer({ behave: ({ name }) => (name === "IDLE" ? cancelLater() : undefined) });
    open.push(server);
    const login = { username: "lab", password: "lab-password" };
    const began = performance.now();
    const { carried, envelope } = await runReport("mail.receive", { ...COMMON, ...login, port: server.port, wait_ms: 60_000 }, options(cancel.signal));
    expect(performance.now() - began).toBeLessThan(2800);
    expect(carried).toMatchObject({ status: "error", failure: { code } });
    expect(envelope.output).toMatchObject({ error_type: "transient_failure", reconnects: [], searches: 2 });
    await expect.poll(() => server.openSockets, { interval: 5 }).toBe(0);
  });

  test.each(["greeting", "login"])("while it waits for the %s", async (what) => {
    const server = await played(what === "greeting" ? "@silence\n" : "S: * OK [CAPABILITY IMAP4rev1] hello\n@silence\n");
    const { carried } = await runReport("mail.receive", { ...COMMON, username: "ada", password: "word", port: server.port }, { timeoutMs: 150 });
    expect(carried).toMatchObject({ status: "error", failure: { code: "timeout" } });
    await expect.poll(() => server.openSockets, { interval: 5 }).toBe(0);
  });
});
