import { describe, expect, test } from "vitest";
import { usualTimeoutMs } from "../../../probes/mail.receive/probe.js";
import { type Input, newest } from "../../../probes/mail.receive/schema.js";
import { runReport } from "../../../runner/harness/run.js";
import { RequestError } from "../../../runner/support/request-error.js";

const COMPLETE = { host: "imap.example.org", username: "ada", password: "s3cret", token: "1ab0c4" };

async function refusalOf(input: Record<string, unknown>): Promise<string[]> {
  const error = await runReport("mail.receive", input).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(RequestError);
  expect(JSON.stringify([(error as Error).message, (error as RequestError).violations])).not.toContain("s3cret");
  return (error as RequestError).violations.map(({ pointer, message }) => `${pointer} ${message}`.trim());
}

describe("an invalid input is reported", () => {
  test.each<[string, Record<string, unknown>, string]>([
    ["nothing to look for", { token: undefined }, "must have at least one of token, message_id, subject_prefix, search_subject"],
    ["nothing to log in with", { password: undefined }, "must have exactly one of password, password_secret, access_token"],
    ["two things to log in with", { access_token: "s3cret" }, "must have exactly one of password, password_secret, access_token"],
    ["an invalid port", { port: 65_536 }, "/port must be a whole number from 1 to 65535, not 65536"],
    ["an invalid mode", { tls_mode: "ssl" }, '/tls_mode must be one of "none", "starttls", "implicit", not "ssl"'],
    ["a line break in a subject", { search_subject: "a\r\nb" }, '/search_subject must be one line, without CR, LF or NUL, not "a\\r\\nb"'],
    ["a line break in a folder", { folder: "a\nb" }, '/folder must be one line, without CR, LF or NUL, not "a\\nb"'],
    ["an invalid age", { max_age_minutes: 0 }, "/max_age_minutes must be a number, above 0 and at most 525600, not 0"],
    ["a negative retry", { retries: -1 }, "/retries must be a whole number from 0 to 1000, not -1"],
  ])("%s", async (_what, more, violation) => {
    expect(await refusalOf({ ...COMPLETE, ...more })).toEqual([violation]);
  });
});

test.each<[Record<string, unknown>, number]>([
  [{}, 20_000 + 60_000],
  [{ retries: 0 }, 60_000],
  [{ retries: 5, retry_delay: 2.5, timeout: 10 }, 12_500 + 20_000],
  [{ wait_ms: 1000, duplicate_wait_ms: 500, command_timeout_ms: 100 }, 1700],
])("a run with %j ends after %i ms at the latest", (more, milliseconds) => {
  const input = { ...COMPLETE, ...more } as unknown as Input;
  expect(newest.input.validator(input)).toBe(true);
  expect(usualTimeoutMs(input)).toBe(milliseconds);
});
