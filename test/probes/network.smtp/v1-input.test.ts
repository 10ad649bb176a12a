import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newest } from "../../../probes/network.smtp/schema.js";
import { v1 } from "../../../probes/network.smtp/v1.js";
import { type Accepted, accept } from "../../../runner/harness/accept.js";
import { defineProbe } from "../../../runner/harness/define-probe.js";
import { prepare } from "../../../runner/harness/registry.js";
import { runLoaded } from "../../../runner/harness/run.js";
import { parseAsked } from "../../../runner/harness/version.js";
import { RequestError } from "../../../runner/support/request-error.js";

let runs = 0;
const probe = await prepare(
  defineProbe({
    name: "network.smtp",
    summary: "Stands for the probe: these tests are about what comes before its run.",
    needs: [],
    ...newest,
    older: { "1.0.0": v1 },
    run: async () => {
      runs++;
      throw new Error("it ran");
    },
  }),
);

function accepted(input: unknown, asked = "network.smtp"): Accepted {
  return accept(probe, parseAsked(asked), input);
}

function refusal(input: unknown, asked = "network.smtp"): RequestError {
  try {
    accepted(input, asked);
  } catch (error) {
    if (error instanceof RequestError) return error;
    throw error;
  }
  return expect.unreachable("the input was accepted");
}

const asked = { target_host: "mx.example.org", target_port: "25", send_email_flag: "False" };

beforeEach(() => {
  runs = 0;
});

describe("the contract of an input", () => {
  test("the three texts are 1.0.0", () => expect(accepted(asked).version).toBe("1.0.0"));
  test("a host alone is 2.0.0", () => expect(accepted({ target_host: "mx.example.org" }).version).toBe("2.0.0"));
  test("a host with an underscore is taken, as the original took it", () =>
    expect(accepted({ ...asked, target_host: "mx_1.example.org" }).version).toBe("1.0.0"));
  test("a port as a number is 2.0.0", () => expect(accepted({ target_host: "mx.example.org", target_port: 25 }).version).toBe("2.0.0"));

  test("a quoted port without a flag is reported as an error of 2.0.0", () => {
    const error = refusal({ target_host: "mx.example.org", target_port: "25" });
    expect(error.message).toBe('the input does not fit network.smtp@2.0.0: /target_port must be a whole number, not "25"; write it without quotes: 25');
    expect(error.violations).toEqual([{ pointer: "/target_port", message: 'must be a whole number, not "25"', hint: "write it without quotes: 25" }]);
  });

  test("a flag with a numeric port matches neither", () => {
    expect(refusal({ ...asked, target_port: 25 }).violations.map(({ pointer }) => pointer)).toEqual(["/send_email_flag"]);
  });
});

describe("invalid input of 1.0.0", () => {
  test.each(["0", "65536", "99999", "-1", "abc", "", "25,26", "25 26", "25\n", "2.5", "025", 25])("the port %j", (port) => {
    expect(refusal({ ...asked, target_port: port }, "network.smtp@1.0.0").violations.map(({ pointer }) => pointer)).toEqual(["/target_port"]);
  });

  test.each(["1", "25", "465", "9999", "10000", "59999", "64999", "65535"])("but not the port %s", (port) => {
    expect(accepted({ ...asked, target_port: port }).filled).toMatchObject({ target_port: Number(port) });
  });

  test.each(["a.example,b.example", "a.example b.example", "", "mx.example.org\r\nQUIT", "smtp://mx.example.org", "mx.example.org\u0000"])(
    "the host %j",
    (host) => {
      expect(refusal({ ...asked, target_host: host }, "network.smtp@1.0.0").violations.map(({ pointer }) => pointer)).toEqual(["/target_host"]);
    },
  );

  test("each of the three fields if missing", () => {
    expect(refusal({}, "network.smtp@1.0.0").violations.map(({ pointer }) => pointer)).toEqual(["/target_host", "/target_port", "/send_email_flag"]);
  });
});

describe("the input of 2.0.0 made from it", () => {
  test("the timeouts, the TLS mode and the ignored certificates are those of the original", () => {
    expect(accepted(asked).filled).toEqual({
      target_host: "mx.example.org",
      target_port: 25,
      tls: { mode: "starttls_if_offered", verify: "ignore", warn_days: 0, min_version: "TLSv1.2" },
      address_family: "any",
      connect_timeout_ms: 5000,
      command_timeout_ms: 5000,
      timeout_ms: 120_000,
    });
  });

  test("implicit TLS on port 465", () => {
    expect(accepted({ ...asked, target_port: "465" }).filled).toMatchObject({ tls: { mode: "implicit" } });
  });

  test.each(["False", "true", "TRUE", "True ", "", "yes"])("nothing is sent for the flag %j", (flag) => {
    const { filled } = accepted({ ...asked, send_email_flag: flag, sender: "a@example.org", recipient: "b@example.org", login: "a", password: "p" });
    expect(filled).not.toHaveProperty("send_message");
    expect(filled).not.toHaveProperty("auth");
  });

  test("a message is sent as the further fields say", () => {
    const { filled } = accepted({
      ...asked,
      send_email_flag: "True",
      sender: "a@example.org",
      recipient: { secret: "file:/run/recipient" },
      login: "a",
      password: "p",
    });
    expect(filled).toMatchObject({
      auth: { mechanism: "auto", username: "a", password: "p", allow_plaintext: false },
      send_message: { mail_from: "a@example.org", rcpt_to: { secret: "file:/run/recipient" }, subject: "Test Email" },
    });
  });

  test("missing fields come from the environment", () => {
    expect(accepted({ ...asked, send_email_flag: "True" }).filled).toMatchObject({
      auth: { username: { secret: "env:PROBE_RUN_SMTP_LOGIN" }, password: { secret: "env:PROBE_RUN_SMTP_PASSWORD" } },
      send_message: { mail_from: { secret: "env:PROBE_RUN_SMTP_SENDER" }, rcpt_to: { secret: "env:PROBE_RUN_SMTP_RECIPIENT" } },
    });
  });

  test.each([asked, { ...asked, target_port: "465" }, { ...asked, send_email_flag: "True" }])(
    "it is an input of 2.0.0, nothing left to fill in: %j",
    (input) => {
      const { filled } = accepted(input);
      const checked = structuredClone(filled);
      expect(newest.input.validator(checked)).toBe(true);
      expect(checked).toEqual(filled);
    },
  );
});

describe("the environment", () => {
  const names = ["PROBE_RUN_SMTP_SENDER", "PROBE_RUN_SMTP_RECIPIENT", "PROBE_RUN_SMTP_LOGIN", "PROBE_RUN_SMTP_PASSWORD"];
  const before = names.map((name) => process.env[name]);

  beforeEach(() => {
    for (const name of names) process.env[name] = "set@example.org";
  });
  afterEach(() => {
    for (const [index, name] of names.entries()) {
      if (before[index] === undefined) delete process.env[name];
      else process.env[name] = before[index];
    }
  });

  test.each(names)("without %s nothing is run, and it is named", async (name) => {
    delete process.env[name];
    const error = await runLoaded(probe, parseAsked("network.smtp"), { ...asked, send_email_flag: "True" }, {}).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(RequestError);
    expect((error as RequestError).violations[0]?.message).toBe(`env:${name}: there is no such environment variable`);
    expect(runs).toBe(0);
  });

  test("with all of them it is run", async () => {
    await expect(runLoaded(probe, parseAsked("network.smtp"), { ...asked, send_email_flag: "True" }, {})).rejects.toThrow("it ran");
  });
});
