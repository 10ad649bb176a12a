import { afterEach, describe, expect, test, vi } from "vitest";
import { run, runReport } from "../../../runner/harness/run.js";
import type { RequestError } from "../../../runner/support/request-error.js";
import { knowsThree, type MailboxServer, startMailboxServer } from "../../support/mailbox-server.js";
import { playConnections } from "../../support/play-connections.js";
import { type RcptOutput, rcptInput } from "../../support/rcpt-behaviours.js";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const each of open.splice(0)) await each.close();
});

async function server(): Promise<MailboxServer> {
  const started = await startMailboxServer({ answer: knowsThree });
  open.push(started);
  return started;
}

async function ask(port: number, input: Record<string, unknown> = {}): Promise<RcptOutput> {
  return (await run("mail.rcpt@1.0.0", { ...rcptInput(port), email: "ada@example.org", ...input })).output as RcptOutput;
}

describe("the switch that permits probing", () => {
  test.each([
    ["SMTP_PROBES_ENABLED", "0"],
    ["SMTP_PROBES_ALLOWED_HOSTS", "another-machine"],
  ])("%s=%s: no server is contacted, also for a job from another machine", async (name, value) => {
    vi.stubEnv(name, value);
    const { port, connections } = await server();
    const output = await ask(port);
    expect(output.results[0]).toMatchObject({ reason: "not_permitted", verdict: "unknown", rule: "about_us", code: null });
    expect(output).toMatchObject({ status: "error", failure: { code: "not_permitted", retryable: true } });
    expect(output.failure?.message).toContain(name);
    expect(connections).toEqual([]);
  });
});

describe("the identity of the client", () => {
  test("may be given in the environment, by reference", async () => {
    vi.stubEnv("SMTP_HELO_DOMAIN", "verifier.example.net");
    vi.stubEnv("SMTP_MAIL_FROM", "checks@verifier.example.net");
    const { port, connections } = await server();
    const output = await ask(port, { helo_domain: { secret: "env:SMTP_HELO_DOMAIN" }, mail_from: { secret: "env:SMTP_MAIL_FROM" } });
    expect(output).toMatchObject({ helo_domain: "verifier.example.net", mail_from: "checks@verifier.example.net" });
    expect(connections[0]?.slice(0, 2)).toEqual(["EHLO verifier.example.net", "MAIL FROM:<checks@verifier.example.net>"]);
  });

  test.each([
    ["helo_domain", "my machine!"],
    ["mail_from", "no address"],
  ])("a reference to an invalid %s sends nothing, and does not reveal the value", async (field, value) => {
    vi.stubEnv("WRONG", value);
    const { port, connections } = await server();
    const error = (await ask(port, { [field]: { secret: "env:WRONG" } }).catch((reason: unknown) => reason)) as RequestError;
    expect(error.violations.map(({ pointer }) => pointer)).toEqual([`/${field}`]);
    expect(JSON.stringify(error.violations)).not.toContain(value);
    expect(connections).toEqual([]);
  });

  test("the sender defaults to the bounce address of the EHLO name", async () => {
    const { port } = await server();
    expect(await ask(port, { mail_from: undefined })).toMatchObject({ mail_from: "bounce@probe.example.net" });
  });

  test("the sender is <> if the EHLO name is an address", async () => {
    const { port, connections } = await server();
    expect(await ask(port, { mail_from: undefined, helo_domain: "192.0.2.1" })).toMatchObject({ helo_domain: "[192.0.2.1]", mail_from: "<>" });
    expect(connections[0]).toContain("MAIL FROM:<>");
  });
});

describe("a run", () => {
  test.each<[string, "timeout" | "cancelled", { timeoutMs?: number; signal?: () => AbortSignal }]>([
    ["time is up", "timeout", { timeoutMs: 1000 }],
    ["it is cancelled", "cancelled", { signal: () => AbortSignal.timeout(1000) }],
  ])("ends when %s, and keeps the results so far", async (_when, code, { timeoutMs, signal }) => {
    const said =
      "S: 220 mx\nC: EHLO *\nS: 250 mx\nC: MAIL *\nS: 250 OK\nC: RCPT *\nS: 550 5.1.1 unknown\nC: RSET\nS: 250 OK\nC: MAIL *\nS: 250 OK\nC: RCPT *\n@silence";
    const silent = await playConnections([said], "whole");
    open.push(silent);
    const began = performance.now();
    // Long before the timeout of the command, even on a busy machine.
    const { carried } = await runReport(
      "mail.rcpt",
      { ...rcptInput(silent.port), emails: ["zed@example.org", "ada@example.org", "bob@example.org"] },
      { ...(timeoutMs === undefined ? {} : { timeoutMs }), ...(signal === undefined ? {} : { signal: signal() }) },
    );
    expect(performance.now() - began).toBeLessThan(8000);
    const { results, failure } = carried as unknown as RcptOutput;
    expect(results.map(({ reason, verdict }) => `${reason} ${verdict}`)).toEqual(["mailbox_unknown invalid", "run_ended unknown", "run_ended unknown"]);
    expect(failure).toMatchObject({ phase: "probe", code });
    await expect.poll(() => silent.openSockets, { interval: 5 }).toBe(0);
  });

  test("accepts exactly one of email and emails", async () => {
    for (const input of [{}, { email: "a@example.org", emails: ["b@example.org"] }]) {
      await expect(run("mail.rcpt", input)).rejects.toMatchObject({
        violations: [{ message: expect.stringContaining("must have exactly one of email, emails") }],
      });
    }
  });

  test.each([
    ["ada@example.org\r\nDATA", "address_malformed"],
    ["ada@example.org>\r\nRCPT TO:<b@example.org", "address_malformed"],
    ["ada@exa\0mple.org", "address_malformed"],
    ["<ada@example.org>", "address_unsupported"],
  ])("sends nothing for an address like %j", async (email, reason) => {
    const { port, connections } = await server();
    expect((await ask(port, { email })).results[0]).toMatchObject({ reason, decided_at: "input" });
    expect(connections).toEqual([]);
  });
});
