import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Output } from "../../../probes/mail.bounce/schema.js";
import { run } from "../../../runner/harness/run.js";

const FOLDER = new URL("../../../fixtures/mail.bounce/1.0.0/", import.meta.url);
const update = process.env.UPDATE_GOLDENS === "1";
const names = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".eml"))
  .map((file) => file.slice(0, -".eml".length));

async function read(input: Record<string, unknown>): Promise<Output> {
  const { output } = await run("mail.bounce", input);
  return { ...(output as Output), duration_ms: 0 };
}

describe.each(names)("%s", (name) => {
  const message = readFileSync(new URL(`${name}.eml`, FOLDER), "utf8");
  const golden = new URL(`${name}.json`, FOLDER);

  test("matches its golden, with any line ends and wrapping", async () => {
    const output = await read({ message });
    if (update) writeFileSync(golden, `${JSON.stringify(output, null, 2)}\n`);
    expect(existsSync(golden), "there is no golden; run with UPDATE_GOLDENS=1").toBe(true);
    expect(output).toEqual(JSON.parse(readFileSync(golden, "utf8")));
    const onTheWire = message.replaceAll("\n", "\r\n");
    expect(await read({ message: onTheWire })).toEqual(output);
    expect(await read({ message_base64: Buffer.from(onTheWire).toString("base64") })).toEqual(output);
  });
});

test("every golden has its message", () => {
  const goldens = readdirSync(FOLDER).filter((file) => file.endsWith(".json"));
  expect(goldens.map((file) => file.slice(0, -".json".length)).sort()).toEqual([...names].sort());
});

/** The expected result of each: kind, parser, and for each recipient the status, the class, and whether it is permanent. */
const EXPECTED: Readonly<Record<string, string>> = {
  "postfix-unknown-user": "bounce delivery_status | ada@example.org 5.1.1 address permanent",
  "postfix-delay": "delay delivery_status | ada@example.org 4.4.1 network for-now",
  "postfix-expired": "bounce delivery_status | ada@example.org 4.4.1 network for-now",
  "postfix-success": "success delivery_status | ada@example.org 2.0.0 - -",
  "postfix-relayed": "relayed delivery_status | ada@example.org 2.0.0 - -",
  "postfix-three-recipients":
    "bounce delivery_status | ada@example.org 5.2.2 mailbox_full permanent | bob@example.com 5.4.4 routing permanent | cyd@example.net 5.7.1 reputation permanent",
  "postfix-smtputf8": "bounce delivery_status | jürgen@bücher.example 5.1.1 address permanent",
  "rfc6533-escaped": "bounce delivery_status | jürgen@bücher.example 5.6.7 protocol permanent",
  "gmail-dsn": "bounce delivery_status | ada@example.org 5.1.1 address permanent",
  "gmail-delay": "delay delivery_status | ada@example.org 4.4.1 network for-now",
  "gmail-dmarc": "bounce delivery_status | ada@example.org 5.7.26 auth permanent",
  "exchange-online-ndr": "bounce delivery_status | ada@example.org 5.1.10 address permanent",
  "exchange-online-base64-status": "bounce delivery_status | ada@example.org 5.7.509 auth permanent",
  "exim-dsn": "bounce delivery_status | ada@example.org 5.0.0 address permanent",
  "exim-words": "bounce exim | ada@example.org 5.7.1 content permanent | bob@example.com null address permanent",
  "exim-words-delay": "delay exim | ada@example.org null network for-now",
  "qmail-remote": "bounce qmail | ada@example.org 5.1.1 address permanent | bob@example.com 5.1.1 address permanent | cyd@example.net 4.4.1 network for-now",
  "sendmail-dsn": "bounce delivery_status | ada@example.org 5.1.1 address permanent",
  "sendmail-words": "bounce sendmail | ada@example.org 5.2.2 mailbox_full permanent | bob@example.com 5.7.1 routing permanent",
  "exchange-old-words": "bounce exchange | ada@example.org 5.1.1 address permanent",
  "exchange-new-words": "bounce exchange | ada@example.org 5.7.133 policy permanent",
  "gmail-words": "bounce gmail | ada@example.org 5.7.1 auth permanent",
  "gmail-words-delay": "delay gmail | ada@example.org 4.2.0 greylist for-now",
  "yahoo-words": "bounce yahoo | ada@example.org null address permanent",
  "courier-words": "bounce courier | ada@example.org null address permanent",
  "postfix-words": "bounce postfix | ada@example.org 5.2.1 mailbox_disabled permanent",
  "unknown-server-words": "bounce words | ada@example.org 5.3.4 size permanent",
  "unknown-server-html": "bounce words | ada@example.org 5.1.1 address permanent",
  "arf-abuse": "feedback feedback_report",
  "arf-fraud": "feedback feedback_report",
  "arf-not-spam": "feedback feedback_report",
  "arf-unknown-type": "feedback feedback_report",
  "absence-notice": "auto_reply null",
  "read-receipt": "auto_reply disposition",
  "ordinary-message": "not_a_report null",
  "message-that-quotes-a-bounce": "not_a_report null",
};

test.each(names)("%s is what it is", async (name) => {
  const { kind, format, recipients } = await read({ message: readFileSync(new URL(`${name}.eml`, FOLDER), "utf8") });
  const shown = recipients.map((each) => {
    const permanent = each.permanent === null ? "-" : each.permanent ? "permanent" : "for-now";
    return `${each.address} ${each.status} ${each.class ?? "-"} ${permanent}`;
  });
  expect([`${kind} ${format}`, ...shown].join(" | ")).toBe(EXPECTED[name]);
});

describe("further facts of a report", () => {
  const of = (name: string): Promise<Output> => read({ message: readFileSync(new URL(`${name}.eml`, FOLDER), "utf8") });
  const ORIGINAL = { message_id: "<20261120060000.1@sender.example>", from: "News <news@sender.example>", subject: "The news of November" };

  test.each([
    "postfix-unknown-user",
    "gmail-dsn",
    "exim-words",
    "qmail-remote",
    "sendmail-words",
    "exchange-new-words",
    "gmail-words",
    "yahoo-words",
    "arf-abuse",
    "arf-fraud",
  ])("%s holds the message", async (name) => {
    expect((await of(name)).original).toEqual(ORIGINAL);
  });

  test("envelope, times and hosts", async () => {
    const bounce = await of("postfix-unknown-user");
    expect(bounce).toMatchObject({ envelope_id: "QQ314159", reporting_mta: "mx.example.net", arrival_time: "2026-11-20T06:00:00.000Z" });
    expect(bounce.recipients[0]).toMatchObject({
      original_recipient: "ada@example.org",
      action: "failed",
      reply_code: 550,
      remote_mta: "mx.example.org",
      diagnostic_type: "smtp",
      who: "server",
      said_by: "Postfix",
      rule: "postfix-unknown-user",
    });
    expect((await of("gmail-delay")).recipients[0]).toMatchObject({
      last_attempt_time: "2026-11-20T14:30:00.000Z",
      will_retry_until: "2026-11-22T14:00:00.000Z",
    });
    expect((await of("postfix-expired")).recipients[0]).toMatchObject({ who: "us", reply_code: null });
  });

  test("the two mail servers, in a text", async () => {
    const remotes = async (name: string): Promise<(string | null)[]> => (await of(name)).recipients.map(({ remote_mta: remote }) => remote);
    expect(await remotes("exim-words")).toEqual(["mx.example.org", null]);
    expect(await remotes("qmail-remote")).toEqual(["192.0.2.25", null, null]);
    expect(await remotes("sendmail-words")).toEqual(["mx.example.org", "mx.example.com"]);
    expect(await remotes("gmail-words")).toEqual(["mx.example.org"]);
    expect(await remotes("postfix-words")).toEqual(["mx.example.org"]);
    expect(await remotes("exchange-old-words")).toEqual(["mx.example.org"]);
  });

  test("complaints", async () => {
    expect((await of("arf-abuse")).feedback).toEqual({
      type: "abuse",
      user_agent: "SomeGenerator/1.0",
      source_ip: "192.0.2.10",
      original_mail_from: "news@sender.example",
      original_recipients: ["ada@example.org"],
      reported_domains: ["sender.example"],
      reported_uris: ["http://sender.example/offer.html", "mailto:news@sender.example"],
      authentication_results: [expect.stringContaining("spf=pass")],
      arrival_time: "2026-11-20T06:00:03.000Z",
      incidents: 1,
    });
    expect((await of("arf-fraud")).feedback).toMatchObject({ type: "fraud", source_ip: "2001:db8::10", incidents: 12 });
    expect((await of("arf-not-spam")).feedback).toMatchObject({ type: "not-spam", original_recipients: ["ada@example.org"] });
    expect((await of("arf-unknown-type")).feedback).toMatchObject({ type: "other", source_ip: null, incidents: 1 });
  });

  test("an ordinary message is a warning, a bounce is not", async () => {
    expect(await of("ordinary-message")).toMatchObject({ status: "warning", findings: [{ reason: "not_a_report" }] });
    expect(await of("postfix-unknown-user")).toMatchObject({ status: "ok", findings: [] });
  });
});
