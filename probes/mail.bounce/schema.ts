import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput } from "../../schemas/network.js";
import { reportProperties } from "../../schemas/report.js";
import { list } from "../../schemas/shape.js";

const MESSAGE_CHARACTERS = 16 * 1024 * 1024;

/** Not part of the type: the code checks each field anyway. */
const rules: object = {
  oneOf: [given("message"), given("message_base64")],
  examples: [
    { message: "From: MAILER-DAEMON@example.org\r\nSubject: Undelivered Mail Returned to Sender\r\n\r\n<someone@example.org>: 550 5.1.1 User unknown\r\n" },
  ],
};

function given(name: string): object {
  return { properties: { [name]: {} }, required: [name] };
}

const input = contract({
  title: "mail.bounce 1.0.0 input",
  type: "object",
  ...rules,
  properties: {
    message: {
      type: "string",
      minLength: 1,
      maxLength: MESSAGE_CHARACTERS,
      description: "The complete bounce message with its header. Lines may end with LF or CR LF.",
    },
    message_base64: {
      type: "string",
      minLength: 4,
      maxLength: MESSAGE_CHARACTERS,
      pattern: "^[A-Za-z0-9+/\\s]+(?:=\\s*){0,2}$",
      description: "The message in base64 instead of `message`, for bytes that are not UTF-8.",
    },
    timeout_ms: networkInput.timeout_ms,
  },
  additionalProperties: false,
});

const output = contract({
  title: "mail.bounce 1.0.0 output",
  ...outputOf({
    ...reportProperties,
    findings: list(findingSchema, "Judgements that explain why the status is not ok."),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
