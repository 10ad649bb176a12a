import { olderVersion } from "../../runner/harness/define-probe.js";
import type { Operation } from "../../schemas/operation.js";
import { errcodeOf } from "./errcode.js";
import { pythonFloat, pythonList, pythonSeconds } from "./python-format.js";
import { pythonReply, replyLines } from "./python-reply.js";
import { type Input, newest, type Output } from "./schema.js";
import { type SeedInput, type SeedOutput, seed } from "./v1-schema.js";

/** 1.0.0: texts only, in the order and in the formats of the Python suite it comes from. */
export const v1 = olderVersion(seed, newest, { upgradeInput, downgradeOutput });

function upgradeInput(input: SeedInput): Input {
  const port = Number(input.target_port);
  return {
    target_host: input.target_host,
    target_port: port,
    tls: { mode: port === 465 ? "implicit" : "starttls_if_offered", verify: "ignore", warn_days: 0, min_version: "TLSv1.2" },
    ...(isToSend(input) ? sending(input) : {}),
    address_family: "any",
    connect_timeout_ms: 5000,
    command_timeout_ms: 5000,
    // Each step had its time-out, the whole had none: room for every step to take the whole of its own.
    timeout_ms: 120_000,
  };
}

/** The flag is this very word. "true" never sent anything, and does not begin to now. */
function isToSend(input: SeedInput): boolean {
  return input.send_email_flag === "True";
}

/** What the original asked for on a terminal. */
function sending(input: SeedInput): Pick<Input, "auth" | "send_message"> {
  return {
    auth: {
      mechanism: "auto",
      username: input.login ?? { secret: "env:PROBE_RUN_SMTP_LOGIN" },
      password: input.password ?? { secret: "env:PROBE_RUN_SMTP_PASSWORD" },
      allow_plaintext: false,
    },
    send_message: {
      mail_from: input.sender ?? { secret: "env:PROBE_RUN_SMTP_SENDER" },
      rcpt_to: input.recipient ?? { secret: "env:PROBE_RUN_SMTP_RECIPIENT" },
      subject: "Test Email",
      text: "This is a test message. It may be deleted.",
    },
  };
}

/** The keys are written in the order of 1.0.0, and what did not happen is left out. */
function downgradeOutput(output: Output, input: SeedInput): SeedOutput {
  const failed = hasFailed(output);
  return {
    target_host: input.target_host,
    target_port: input.target_port,
    ...connection(output, input),
    ...ehlo(output),
    ...noop(output),
    ...quit(output),
    ...(failed ? {} : { duration: pythonSeconds(output.duration_ms) }),
    ...(failed ? retcode(output, input) : {}),
    ...(isToSend(input) ? { sendmail_op: sendmail(output, input) } : {}),
  };
}

/** The server did not get as far as NOOP. After it nothing is an outage: neither a lost QUIT nor a message that was refused. */
function hasFailed(output: Output): boolean {
  const { failure } = output;
  return failure !== null && answered(output, "NOOP") === null && !(SENDING as readonly string[]).includes(failure.phase);
}

const SENDING = ["auth", "mail", "rcpt", "data"] as const;

/** To smtplib there was a connection once the server had greeted. */
function connection(output: Output, input: SeedInput): Pick<SeedOutput, "IP_address" | "connected_time"> {
  const greeted = output.operations.some(({ name, code }) => name === "greeting" && code !== null && code < 400);
  if (!greeted || output.ip_address === null || output.connected_time === null) return {};
  return { ...(isHostname(input.target_host) ? { IP_address: output.ip_address } : {}), connected_time: output.connected_time };
}

/** What the original took for a host name: no name with a dot at its end, and only top-level domains of letters. */
function isHostname(host: string): boolean {
  return /^([a-z0-9-]+|([a-z0-9_-]+\.)+[a-z]+)$/i.test(host);
}

/** The reply to EHLO itself, even if it was refused and HELO was then accepted. */
function ehlo(output: Output): Pick<SeedOutput, "server_msg" | "ehlo_op"> {
  const reply = answered(output, "EHLO");
  if (reply === null) return {};
  const [first, ...offers] = replyLines(reply.message) as [string, ...string[]];
  return {
    server_msg: `${reply.code}-${first}`,
    ehlo_op: { status_code: String(reply.code), status_msg: pythonList(offers), SIZE: megabytes(offers) },
  };
}

/** SIZE in upper case and with a number. */
function megabytes(offers: readonly string[]): string {
  const bytes = offers.map((offer) => /^SIZE (\d+)$/.exec(offer)?.[1]).find((found) => found !== undefined);
  const size = Number(bytes) / 1_048_576;
  return Number.isFinite(size) ? `${pythonFloat(size)} MB` : "UNKNOWN";
}

function noop(output: Output): Pick<SeedOutput, "noop_op" | "response_time"> {
  const reply = answered(output, "NOOP");
  return reply === null ? {} : { noop_op: operation(reply, output), response_time: pythonSeconds(reply.duration_ms) };
}

function quit(output: Output): Pick<SeedOutput, "quit_op"> {
  const reply = answered(output, "QUIT");
  return reply === null || hasFailed(output) ? {} : { quit_op: operation(reply, output) };
}

function operation(reply: Answer, output: Output): { status_code: string; status_msg: string } {
  return { status_code: String(reply.code), status_msg: pythonReply(reply.message, output.anomalies) };
}

function retcode(output: Output, input: SeedInput): Pick<SeedOutput, "retcode" | "errcode"> {
  return { retcode: `ERROR: on port ${input.target_port} can't connect.`, errcode: reason(output) };
}

/** The spelling is that of 1.0.0. */
function sendmail(output: Output, input: SeedInput): string {
  const sent = output.sent_message;
  if (sent?.accepted) return `Succesfully sent email from ${input.target_host} to ${sent.rcpt_to}`;
  return `Failed to send email from ${input.target_host}. Error: ${reason(output)}`;
}

function reason(output: Output): string {
  return output.failure === null ? "the server did not take the message" : errcodeOf(output.failure, output);
}

interface Answer extends Operation {
  code: number;
  message: string;
  duration_ms: number;
}

/** The last operation of this name that got a reply: after STARTTLS, the EHLO inside TLS. */
function answered(output: Output, name: string): Answer | null {
  return (output.operations.findLast((entry) => entry.name === name && entry.code !== null) as Answer | undefined) ?? null;
}
