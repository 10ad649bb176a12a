import { afterEach, expect, test } from "vitest";
import { runReport } from "../../../../runner/harness/run.js";
import { playTranscript } from "../../../../runner/lab/transcript-server.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

// `r=abc,s=abcd,i=4096`: a nonce that does not extend the client's.
const WRONG_NONCE = "cj1hYmMscz1hYmNkLGk9NDA5Ng==";

const PEERS = [
  [
    "network.imap",
    `S: * OK ready
C: a1 CAPABILITY
S: * CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-256
S: a1 OK done
C: a2 NOOP
S: a2 OK done
C: a3 AUTHENTICATE SCRAM-SHA-256
S: + 
C: *
S: + ${WRONG_NONCE}
C: \\*
S: + more
@expect-close
`,
  ],
  [
    "network.smtp",
    `S: 220 peer ESMTP
C: EHLO *
S: 250-peer
S: 250 AUTH SCRAM-SHA-256
C: NOOP
S: 250 OK
C: AUTH SCRAM-SHA-256 *
S: 334 ${WRONG_NONCE}
C: \\*
S: 334 more
@expect-close
`,
  ],
  [
    "network.pop3",
    `S: +OK ready
C: CAPA
S: +OK list
S: SASL SCRAM-SHA-256
S: .
C: AUTH SCRAM-SHA-256 *
S: + ${WRONG_NONCE}
C: \\*
S: + more
@expect-close
`,
  ],
  [
    "network.sieve",
    `S: "SASL" "SCRAM-SHA-256"
S: OK
C: NOOP
S: OK
C: AUTHENTICATE "SCRAM-SHA-256" "*"
S: "${WRONG_NONCE}"
C: "\\*"
S: "bW9yZQ=="
@expect-close
`,
  ],
] as const;

test.each(PEERS)("%s: a server that continues a cancelled login ends the session, and the run has its envelope", async (probe, transcript) => {
  const player = await playTranscript(transcript);
  open.push(player);
  const auth = { username: "lab", password: "lab-password", allow_plaintext: true };
  const { carried } = await runReport(probe, { target_host: "127.0.0.1", target_port: player.port, tls: { mode: "none" }, auth, timeout_ms: 10_000 });
  await player.close();
  expect(player.mismatches.map(({ message }) => message)).toEqual([]);
  expect(carried).toMatchObject({
    status: "error",
    failure: { phase: "auth", code: "protocol_violation", message: expect.stringContaining("its nonce does not extend ours") },
    auth: { mechanism: "SCRAM-SHA-256", accepted: false },
  });
});
