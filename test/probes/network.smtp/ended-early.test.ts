import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { run } from "../../../runner/harness/run.js";
import type { TranscriptServer } from "../../../runner/lab/transcript-server.js";
import { playTranscript } from "../../../runner/lab/transcript-server.js";
import type { Carried } from "../../../schemas/carried.js";
import { blackHole } from "../../support/black-hole.js";
import { allCertificates } from "../../support/certificates.js";
import { startDnsServer } from "../../support/dns-server.js";

// What the first run of a process loads and compiles takes its time, on a busy machine more than what is measured here.
beforeAll(async () => {
  await run("network.smtp", { target_host: "127.0.0.1", target_port: 1, resolver: { servers: ["127.0.0.1:1"] } });
});

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

const GREETING = "S: 220 mx.example.org ESMTP\n";
const EHLO = `${GREETING}C: EHLO *\nS: 250-mx.example.org\nS: 250 STARTTLS\n`;

interface Situation {
  /** In which a run is ended. */
  phase: string;
  input: Record<string, unknown>;
  server: TranscriptServer | null;
}

async function playing(phase: string, transcript: string, input: Record<string, unknown> = {}): Promise<Situation> {
  const server = await playTranscript(transcript, { certificates: allCertificates() });
  open.push(server);
  return { phase, server, input: { target_host: "127.0.0.1", target_port: server.port, ...input } };
}

const SITUATIONS: Readonly<Record<string, () => Promise<Situation>>> = {
  "a name server that is silent": async () => {
    const dns = await startDnsServer({ "mx.example.org": { silentFor: ["A", "AAAA"] } });
    open.push(dns);
    return { phase: "resolve", server: null, input: { target_host: "mx.example.org", resolver: { servers: [dns.address] } } };
  },
  "an address that is silent": async () => {
    const server = await playTranscript("@silence\n");
    open.push(server, await blackHole("127.0.0.7", server.port));
    return { phase: "connect", server, input: { target_host: "127.0.0.7", target_port: server.port } };
  },
  "a peer that does not greet": () => playing("greeting", "@silence\n"),
  "a peer that does not answer EHLO": () => playing("ehlo", `${GREETING}C: EHLO *\n@silence\n`),
  "a peer that does not answer STARTTLS": () => playing("starttls", `${EHLO}C: STARTTLS\n@silence\n`),
  "a handshake that stalls after STARTTLS": () => playing("tls", `${EHLO}C: STARTTLS\nS: 220 go\n@tls-stall\n`),
  "a handshake that stalls at once": () => playing("tls", "@tls-stall\n", { tls: { mode: "implicit" } }),
  "a peer that does not answer EHLO inside TLS": () => playing("ehlo", `${EHLO}C: STARTTLS\nS: 220 go\n@starttls localhost\nC: EHLO *\n@silence\n`),
  "a peer that does not answer NOOP": () => playing("noop", `${EHLO}C: NOOP\n@silence\n`, { tls: { mode: "none" } }),
  "a peer that does not answer AUTH": () =>
    playing("auth", `${GREETING}C: EHLO *\nS: 250-mx\nS: 250 AUTH CRAM-MD5\nC: NOOP\nS: 250 OK\nC: AUTH CRAM-MD5\n@silence\n`, {
      tls: { mode: "none" },
      auth: { username: "u", password: "p4ssw0rd" },
    }),
};
const ENDED_AFTER_MS = 400;
/** What a busy machine may add. */
const LATE_MS = 1500;

describe.each(Object.entries(SITUATIONS))("%s", (_name, make) => {
  test("the run's deadline ends it", async () => {
    const { phase, input, server } = await make();
    const output = await ended({ ...input, timeout_ms: ENDED_AFTER_MS });
    expect(output).toMatchObject({ status: "error", failure: { phase, code: "timeout", message: "the run's deadline expired", retryable: true } });
    await closed(server);
  });

  test("its caller ends it", async () => {
    const { phase, input, server } = await make();
    const output = await ended(input, AbortSignal.timeout(ENDED_AFTER_MS));
    expect(output).toMatchObject({ status: "error", failure: { phase, code: "cancelled", message: "the run was cancelled", retryable: true } });
    await closed(server);
  });
});

test("a run that was cancelled before it began touches nothing", async () => {
  const { input, server } = await playing("connect", "@silence\n");
  expect(await ended(input, AbortSignal.abort())).toMatchObject({ failure: { code: "cancelled" }, attempts: [], ip_address: null });
  expect(server?.connections).toBe(0);
});

test("a run that is cancelled while it says goodbye keeps what it learned", async () => {
  const { input, server } = await playing("quit", `${EHLO}C: NOOP\nS: 250 OK\nC: QUIT\n@silence\n`, { tls: { mode: "none" } });
  const output = await ended(input, AbortSignal.timeout(ENDED_AFTER_MS));
  expect(output).toMatchObject({ status: "warning", failure: null, findings: [{ reason: "quit_lost", actual: "cancelled" }] });
  await closed(server);
});

async function ended(input: Record<string, unknown>, signal?: AbortSignal): Promise<Carried> {
  const began = performance.now();
  const { output } = await run("network.smtp@2.0.0", input, signal === undefined ? {} : { signal });
  expect(performance.now() - began).toBeLessThan(ENDED_AFTER_MS + LATE_MS);
  const carried = output as Carried;
  expect(carried.operations.filter(({ duration_ms: duration }) => duration === null)).toEqual([]);
  return carried;
}

async function closed(server: TranscriptServer | null): Promise<void> {
  if (server === null) return;
  await expect.poll(() => server.openSockets, { interval: 5 }).toBe(0);
}
