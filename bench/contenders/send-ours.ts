import { pathToFileURL } from "node:url";
import { leave } from "../../runner/net/smtp/leave.js";
import { type Mailbox, parseMailbox } from "../../runner/net/smtp/mailbox.js";
import { openSubmission } from "../../runner/net/smtp/submission.js";
import { transaction } from "../../runner/net/smtp/transaction.js";
import { tcpGrant } from "../../runner/net/transport/dial.js";
import { tlsGrant } from "../../runner/net/transport/tls.js";
import { Deadline } from "../../runner/run/deadline.js";
import { Recorder } from "../../runner/run/recorder.js";
import type { WireRun } from "../../runner/run/run-state.js";
import { SecretKeeper } from "../../runner/run/secret-keeper.js";
import { keepInFlight } from "../support/in-flight.js";
import { HELO_DOMAIN } from "./prober.js";
import { messageOf, RECIPIENT, SENDER, type SendRequest, SUBJECT, serveSending, textOf } from "./send-rounds.js";

// node send-ours.js LIBRARY: the client below the probes over sessions that stay open, or the probe itself from the package as users get it.
const { run } = (await import(pathToFileURL(process.argv[2] as string).href)) as typeof import("../../runner/index.js");

serveSending((request) => (request.way === "reused" ? overOpenSessions(request) : byTheProbe(request)));

const TIMEOUT_MS = 60_000;

async function overOpenSessions({ port, bodyBytes, total, connections }: SendRequest): Promise<void> {
  const sender = mailbox(SENDER);
  const recipients = [mailbox(RECIPIENT)];
  const message = messageOf(bodyBytes);
  let unsent = total;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const state = { recorder: new Recorder(null), deadline: new Deadline(600_000, undefined), secrets: new SecretKeeper(), targets: null } satisfies WireRun;
      const session = await openSubmission(
        { tcp: tcpGrant(state), tls: tlsGrant(state) },
        {
          host: "127.0.0.1",
          port,
          address_family: "any",
          connect_timeout_ms: TIMEOUT_MS,
          command_timeout_ms: TIMEOUT_MS,
          helo_domain: HELO_DOMAIN,
          tls: { mode: "none", verify: "ignore", min_version: "TLSv1.2" },
        },
      );
      while (unsent-- > 0) {
        const { delivery, failure } = await transaction(session, { sender, recipients, message });
        if (delivery !== "accepted") throw new Error(`${delivery}: ${failure?.message}`);
      }
      await leave(session);
      state.deadline.release();
    }),
  );
}

async function byTheProbe({ port, bodyBytes, total, connections }: SendRequest): Promise<void> {
  const input = {
    host: "127.0.0.1",
    port,
    tls: "none",
    from_addr: SENDER,
    to_addr: RECIPIENT,
    subject_prefix: SUBJECT,
    text: textOf(bodyBytes),
    helo_domain: HELO_DOMAIN,
  } as const;
  await keepInFlight(total, connections, async () => {
    const { output } = await run("mail.send@1", input);
    if (output.delivery !== "accepted") throw new Error(`the probe says ${output.delivery}: ${output.failure?.message}`);
  });
}

function mailbox(written: string): Mailbox {
  const parsed = parseMailbox(written);
  if ("problem" in parsed) throw new Error(parsed.problem);
  return parsed;
}
