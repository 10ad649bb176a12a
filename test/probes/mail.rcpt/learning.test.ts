import { afterEach, describe, expect, test } from "vitest";
import { run } from "../../../runner/harness/run.js";
import { knowsThree, type MailboxServerOptions, startMailboxServer } from "../../support/mailbox-server.js";
import { playConnections } from "../../support/play-connections.js";
import { type RcptOutput, rcptInput } from "../../support/rcpt-behaviours.js";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function serving(options: Partial<MailboxServerOptions> = {}): Promise<number> {
  const server = await startMailboxServer({ answer: knowsThree, ...options });
  open.push(server);
  return server.port;
}

async function playing(...transcripts: string[]): Promise<number> {
  const server = await playConnections(transcripts, "whole");
  open.push(server);
  return server.port;
}

async function ask(port: number, input: Record<string, unknown> = {}): Promise<RcptOutput> {
  return (await run("mail.rcpt@1.0.0", { ...rcptInput(port), email: "ada@example.org", ...input })).output as RcptOutput;
}

const DIALOGUE = "S: 220 mx\nC: EHLO *\nS: 250 mx\nC: MAIL *\nS: 250 OK\nC: RCPT *";

describe("a slow site", () => {
  test("gets a shorter timeout the next time, and no further addresses", async () => {
    const port = await playing(`${DIALOGUE}\n@silence`);
    const patient = { command_timeout_ms: 500 };
    for (let time = 0; time < 4; time++) expect((await ask(port, patient)).results[0]).toMatchObject({ reason: "no_answer", verdict: "unknown" });
    const began = performance.now();
    const output = await ask(port, patient);
    expect(performance.now() - began).toBeLessThan(480);
    expect(output.sites[0]).toMatchObject({ profile: "tarpit", observations: 4, command_timeout_ms: 250, retries: 0 });
    expect(output.findings).toMatchObject([{ severity: "warning", reason: "tarpit" }]);
  });

  test("is not recorded as slow if the run itself was short", async () => {
    const port = await playing(`${DIALOGUE}\n@silence`);
    for (let time = 0; time < 5; time++) {
      const output = await ask(port, { timeout_ms: 60 });
      expect(output.results[0]).toMatchObject({ reason: "run_ended", verdict: "unknown", category: "unknown", decided_at: null });
      expect(output).toMatchObject({ status: "error", failure: { phase: "probe", code: "timeout", retryable: true } });
      expect(output.sites[0]?.profile).toBe("unknown");
    }
  });
});

test("a site that was always fast has a shorter timeout", async () => {
  const port = await serving();
  const emails = Array.from({ length: 10 }, (_, index) => `nobody${index}@example.org`);
  await ask(port, { emails, email: undefined });
  const { sites } = await ask(port, { command_timeout_ms: 30_000 });
  expect(sites[0]).toMatchObject({ profile: "fast", command_timeout_ms: 3000 });
  expect(sites[0]?.latency_p95_ms).toBeLessThan(500);
});

test("a site that refuses us repeatedly is not asked about a second address", async () => {
  const blocked = `${DIALOGUE}\nS: 554 5.7.1 Client host [192.0.2.1] blocked using dnsbl.example.net\nC: RSET\nS: 250 OK\nC: QUIT\nS: 221 bye`;
  const taken = `${DIALOGUE}\nS: 250 OK\nC: RSET\nS: 250 OK\nC: QUIT\nS: 221 bye`;
  const port = await playing(blocked, blocked, blocked, taken);
  for (let time = 0; time < 3; time++) expect((await ask(port)).results[0]?.reason).toBe("client_blocked");
  const output = await ask(port);
  expect(output.sites[0]?.profile).toBe("refusing");
  expect(output.results[0]).toMatchObject({ category: "accept", verdict: "risky", rule: "accepted_random_not_asked" });
  // Once it has answered about a mailbox, it is as any other.
  expect((await ask(port, { catch_all: false })).sites[0]?.profile).toBe("normal");
});

test("the time of the last greylisting is stored", async () => {
  const port = await playing(`${DIALOGUE}\nS: 450 4.2.0 Greylisted for 300 seconds\nC: RSET\nS: 250 OK\nC: QUIT\nS: 221 bye`);
  expect((await ask(port)).results[0]?.retry_after_ms).toBe(300_000);
  expect((await ask(port)).sites[0]?.last_greylisted).toMatch(/^20\d\d-\d\d-\d\dT/);
});
