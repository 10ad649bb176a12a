import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { dnsInput } from "../../schemas/dns.js";
import { verificationProperties } from "../../schemas/mail-verification.js";
import { networkInput } from "../../schemas/network.js";

const MESSAGE_CHARACTERS = 64 * 1024 * 1024;

/** Not part of the type: the probe reads whichever is given. */
const rules: object = {
  oneOf: [given("message"), given("message_base64")],
  examples: [{ message: "From: sender@example.org\r\nSubject: hello\r\n\r\nHello.\r\n" }],
};

function given(name: string): object {
  return { properties: { [name]: {} }, required: [name] };
}

const input = contract({
  title: "mail.verify 1.0.0 input",
  type: "object",
  ...rules,
  properties: {
    message: { type: "string", minLength: 1, maxLength: MESSAGE_CHARACTERS, description: "The whole message as it was received. Line ends may be LF or CRLF." },
    message_base64: {
      type: "string",
      minLength: 4,
      maxLength: MESSAGE_CHARACTERS,
      pattern: "^[A-Za-z0-9+/=\\s]+$",
      description: "The same in base64, instead of `message`: for bytes that are not UTF-8.",
    },
    ip: {
      type: "string",
      format: "address",
      description: "The address that the message came from. Without it, and without trusted_hosts, SPF is not evaluated.",
    },
    mail_from: { type: "string", format: "one-line", maxLength: 320, description: "The envelope's sender; empty for a bounce. Return-Path by default." },
    helo_domain: { type: "string", format: "one-line", maxLength: 320, description: "The name that the client gave in EHLO." },
    trusted_hosts: {
      type: "array",
      maxItems: 32,
      items: { type: "string", maxLength: 255 },
      description: "Names of your own servers: the topmost Received field that one of them wrote gives ip, helo_domain and the time of receipt.",
    },
    authserv_ids: {
      type: "array",
      maxItems: 32,
      items: { type: "string", maxLength: 255 },
      description: "Whose Authentication-Results are the receiver's own.",
    },
    at: {
      type: "string",
      pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?(Z|[+-]\\d\\d:\\d\\d)$",
      description: "The time of receipt, by which signatures are judged; that of the trusted Received field, or now, by default.",
    },
    ...dnsInput,
    timeout_ms: networkInput.timeout_ms,
  },
  additionalProperties: false,
});

const output = contract({
  title: "mail.verify 1.0.0 output",
  ...outputOf(verificationProperties),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
