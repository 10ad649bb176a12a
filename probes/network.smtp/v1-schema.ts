import { contract, type FilledOf } from "../../schemas/contract.js";
import { orReference, secretSchema } from "../../schemas/secret.js";
import { mailbox } from "./schema.js";

/** 1 to 65535. */
const PORT = "^([1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])$";

/**
 * All three parameters of 1.0.0 are required. A port in quotes with nothing else is a mistake of a caller of 2.0.0, and is
 * reported as one: only with the flag beside it is it meant for this contract.
 */
const input = contract({
  title: "network.smtp 1.0.0 input",
  type: "object",
  properties: {
    target_host: { type: "string", format: "host", description: "The host name, or the IPv4 or IPv6 address." },
    target_port: { type: "string", pattern: PORT, description: "The port number, 1 to 65535, as text.", examples: ["25"] },
    send_email_flag: { type: "string", maxLength: 64, description: 'The text "True" sends a test message; any other does not.', examples: ["False"] },
    sender: orReference(mailbox, "Who the test message is from; the environment's PROBE_RUN_SMTP_SENDER by default."),
    recipient: orReference(mailbox, "Who gets the test message; the environment's PROBE_RUN_SMTP_RECIPIENT by default."),
    login: orReference(
      { type: "string", minLength: 1, maxLength: 1024, format: "one-line" },
      "The account to log in with before sending; the environment's PROBE_RUN_SMTP_LOGIN by default.",
    ),
    password: { ...secretSchema, description: "Its password; the environment's PROBE_RUN_SMTP_PASSWORD by default." },
  },
  required: ["target_host", "target_port", "send_email_flag"],
  additionalProperties: false,
});

const reply = {
  status_code: { type: "string", description: "The reply code." },
  status_msg: { type: "string", description: "The reply's text, as Python prints it." },
} as const;

const answered = { type: "object", properties: reply, required: ["status_code", "status_msg"], additionalProperties: false } as const;

/** What did not happen has no key here, unlike in the contracts after it. */
const output = contract({
  title: "network.smtp 1.0.0 output",
  type: "object",
  properties: {
    target_host: { type: "string" },
    target_port: { type: "string" },
    IP_address: { type: "string", description: "The address of a target that is a host name." },
    connected_time: { type: "string", description: "When the connection was made." },
    server_msg: { type: "string", description: "The code and the first line of the last reply to EHLO." },
    ehlo_op: {
      type: "object",
      properties: { ...reply, SIZE: { type: "string", description: "The largest message in MB, or UNKNOWN." } },
      required: ["status_code", "status_msg", "SIZE"],
      additionalProperties: false,
    },
    noop_op: answered,
    response_time: { type: "string", description: "From NOOP to its reply, in seconds." },
    quit_op: answered,
    duration: { type: "string", description: "The whole probe, in seconds." },
    retcode: { type: "string", description: "Only when the probe failed." },
    errcode: { type: "string", description: "Why it failed, as the system, Python or the server says it." },
    sendmail_op: { type: "string", description: "What became of the test message, when one was asked for." },
  },
  required: ["target_host", "target_port"],
  additionalProperties: false,
});

export const seed = { input, output } as const;
export type SeedInput = FilledOf<typeof input>;
export type SeedOutput = FilledOf<typeof output>;
