import { describe, expect, test } from "vitest";
import { testAuthority } from "../../support/certificates.js";
import { playRcpt } from "../../support/rcpt-behaviours.js";

const CLEAR = "S: 220 mx\nC: EHLO *\nS: 250-mx\nS: 250 STARTTLS";
const ASKED = "C: MAIL *\nS: 250 OK\nC: RCPT *\nS: 250 OK\nC: RSET\nS: 250 OK\nC: QUIT\nS: 221 bye";
const INSIDE = `${CLEAR}\nC: STARTTLS\nS: 220 go\n@starttls\nC: EHLO *\nS: 250 mx`;
const REFUSED = `${CLEAR}\nC: STARTTLS\nS: 454 4.7.0 not now`;
const BROKEN = `${CLEAR}\nC: STARTTLS\nS: 220 go\n@tls-garbage`;
const input = { email: "ada@example.org", catch_all: false };

async function ask(transcripts: readonly string[], tls: Record<string, unknown>) {
  const { output, mismatches } = await playRcpt(transcripts, { ...input, tls });
  expect(mismatches).toEqual([]);
  return output;
}

describe("TLS", () => {
  test("is used if it is offered, with any certificate", async () => {
    expect(await ask([`${INSIDE}\n${ASKED}`], {})).toMatchObject({ attempts: [{ tls: "secured" }], results: [{ category: "accept" }] });
  });

  test("a failed handshake leads to a new connection in plain text, and is reported", async () => {
    const output = await ask([BROKEN, `${CLEAR}\n${ASKED}`], {});
    expect(output.attempts).toMatchObject([
      { tls: "failed", ended_at: "tls" },
      { tls: "failed", ended_at: null },
    ]);
    expect(output).toMatchObject({ status: "warning", results: [{ category: "accept" }] });
    expect(output.findings.filter(({ reason }) => reason === "tls_failed")).toHaveLength(1);
  });

  test("is not used in mode none", async () => {
    expect(await ask([`${CLEAR}\n${ASKED}`], { mode: "none" })).toMatchObject({ attempts: [{ tls: "none" }], results: [{ category: "accept" }] });
  });

  test.each([
    ["is refused", REFUSED, "deferred", "starttls"],
    ["is broken", BROKEN, "tls_failed", "tls"],
    ["is not offered", "S: 220 mx\nC: EHLO *\nS: 250 mx", "tls_required", "starttls"],
  ])("that is required and %s: nothing more is sent", async (_what, transcript, reason, at) => {
    const leave = transcript === BROKEN ? "" : "\nC: QUIT\nS: 221 bye";
    expect(await ask([`${transcript}${leave}`], { mode: "starttls" })).toMatchObject({ results: [{ verdict: "unknown", decided_at: at, reason }] });
  });

  test("with an untrusted certificate that must be trusted: no address is sent, and nothing in plain text", async () => {
    const output = await ask([INSIDE.slice(0, INSIDE.indexOf("\nC: EHLO *\nS: 250 mx", INSIDE.indexOf("@starttls"))).concat("\nC: QUIT\nS: 221 bye")], {
      verify: "require",
    });
    expect(output).toMatchObject({ attempts: [{ ended_at: "tls" }], results: [{ reason: "tls_failed", verdict: "unknown" }] });
  });

  test("with a trusted certificate", async () => {
    const output = await ask([`${INSIDE}\n${ASKED}`], { verify: "require", ca: testAuthority() });
    expect(output).toMatchObject({ attempts: [{ tls: "secured" }], results: [{ category: "accept" }] });
  });
});
