import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { newest, type Output } from "../../../probes/network.smtp/schema.js";
import { v1 } from "../../../probes/network.smtp/v1.js";
import { type SeedInput, type SeedOutput, seed } from "../../../probes/network.smtp/v1-schema.js";
import { fitForQueue } from "../../../runner/harness/queue-payload.js";
import { type Failure, type FailureCode, failure, type Phase } from "../../../schemas/failure.js";
import type { Operation } from "../../../schemas/operation.js";

function fixture(name: string): string {
  return readFileSync(new URL(`../../../fixtures/network.smtp/1.0.0/${name}`, import.meta.url), "utf8");
}

const example = JSON.parse(fixture("answered.newest.json")) as Output;
const asked: SeedInput = { target_host: "mx.example.org", target_port: "25", send_email_flag: "False" };
const toSend: SeedInput = { ...asked, send_email_flag: "True" };

/** What 1.0.0 makes of an output of 2.0.0; both must be what their contracts say. */
function shown(output: Output, input: SeedInput = asked): SeedOutput {
  expect(newest.output.validator(output), JSON.stringify(newest.output.faults(output))).toBe(true);
  const older = v1.downgradeOutput(output as never, input as never) as SeedOutput;
  expect(seed.output.validator(older), JSON.stringify(seed.output.faults(older))).toBe(true);
  return older;
}

type Step = readonly [name: string, code?: number, message?: string, milliseconds?: number];

function steps(...conversation: readonly Step[]): Operation[] {
  return conversation.map(([name, code, message, milliseconds], index) => ({
    name,
    at_ms: index,
    duration_ms: milliseconds ?? 1,
    code: code ?? null,
    message: message ?? null,
  }));
}

const GREETING: Step = ["greeting", 220, "mx.example.org ESMTP"];
const EHLO: Step = ["EHLO", 250, "mx.example.org\nPIPELINING\nSIZE 33554432"];
const NOOP: Step = ["NOOP", 250, "2.0.0 Ok", 19.2];
const QUIT: Step = ["QUIT", 221, "2.0.0 Bye"];

function answered(...conversation: readonly Step[]): Output {
  return { ...example, operations: steps(...conversation) };
}

function broken(reason: Failure, conversation: readonly Step[], more: Partial<Output> = {}): Output {
  return { ...answered(...conversation), status: "error", failure: reason, ...more };
}

function rejection(phase: Phase, code: number): Failure {
  return { ...failure(phase, "reply_rejected", `${code}`), reply_code: code };
}

describe("the examples of the contract, word for word", () => {
  test.each(["answered", "name-not-known"])("%s", (name) => {
    const output = shown(JSON.parse(fixture(`${name}.newest.json`)) as Output, JSON.parse(fixture(`${name}.input.json`)) as SeedInput);
    expect(`${JSON.stringify({ output, queue: fitForQueue(output) }, null, 4)}\n`).toBe(fixture(`${name}.envelope.json`));
  });
});

test("the keys keep their order, also if a message was sent", () => {
  const sent = { mail_from: "a@example.org", rcpt_to: "b@example.org", message_id: "<1@example.org>", accepted: true, delivery: "accepted" } as const;
  expect(Object.keys(shown({ ...example, sent_message: sent }, toSend))).toEqual(
    "target_host target_port IP_address connected_time server_msg ehlo_op noop_op response_time quit_op duration sendmail_op".split(" "),
  );
});

describe("a probe that failed", () => {
  const nothing: Partial<Output> = { ip_address: null, connected_time: null, attempts: [] };
  const dialled = (error: string | null): Partial<Output> => ({
    ...nothing,
    attempts: [{ ip_address: "192.0.2.1", port: 25, at_ms: 0, duration_ms: 1, outcome: error === null ? "abandoned" : "failed", error }],
  });

  test.each<[string, Phase, FailureCode, Partial<Output>, Step[], string]>([
    ["an unknown name", "resolve", "dns_not_found", nothing, [], "[Errno -2] Name or service not known"],
    ["a resolver without an answer", "resolve", "dns_failure", nothing, [], "[Errno -3] Temporary failure in name resolution"],
    ["a resolver that is silent", "resolve", "timeout", nothing, [], "[Errno -3] Temporary failure in name resolution"],
    ["a closed port", "connect", "refused", dialled("ECONNREFUSED"), [["connect"]], "[Errno 111] Connection refused"],
    ["no route", "connect", "unreachable", dialled("EHOSTUNREACH"), [["connect"]], "[Errno 113] No route to host"],
    ["no network", "connect", "unreachable", dialled("ENETUNREACH"), [["connect"]], "[Errno 101] Network is unreachable"],
    ["a connection that is reset", "connect", "reset", dialled("ECONNRESET"), [["connect"]], "[Errno 104] Connection reset by peer"],
    ["the system's own time-out", "connect", "timeout", dialled("ETIMEDOUT"), [["connect"]], "[Errno 110] Connection timed out"],
    ["silence to the connection", "connect", "timeout", dialled(null), [["connect"]], "timed out"],
    ["an error that has no number", "connect", "unknown", dialled("ESTRANGE"), [["connect"]], "ESTRANGE"],
    ["silence instead of a greeting", "greeting", "timeout", {}, [["greeting"]], "Connection unexpectedly closed: timed out"],
    ["a close instead of a greeting", "greeting", "closed", {}, [["greeting"]], "Connection unexpectedly closed"],
    ["a reset instead of a greeting", "greeting", "reset", {}, [["greeting"]], "Connection unexpectedly closed: [Errno 104] Connection reset by peer"],
    ["plain text where TLS comes first", "tls", "tls_protocol", {}, [["TLS"]], "[SSL: WRONG_VERSION_NUMBER] wrong version number"],
    ["silence in the handshake", "tls", "timeout", {}, [["TLS"]], "The handshake operation timed out"],
    ["a reset in the handshake", "tls", "reset", {}, [["TLS"]], "[Errno 104] Connection reset by peer"],
    ["a close in the handshake", "tls", "closed", {}, [["TLS"]], "[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol"],
    ["the deadline", "probe", "timeout", nothing, [], "timed out"],
  ])("%s", (_what, phase, code, more, conversation, errcode) => {
    // OpenSSL's reason, where the message is one; the others only have their code.
    expect(shown(broken(failure(phase, code, "wrong version number"), conversation, more))).toEqual({
      target_host: "mx.example.org",
      target_port: "25",
      retcode: "ERROR: on port 25 can't connect.",
      errcode,
    });
  });

  test("of several addresses the last decides", () => {
    const attempt = { port: 25, at_ms: 0, duration_ms: 1, outcome: "failed" } as const;
    const attempts = [
      { ...attempt, ip_address: "2001:db8::1", error: "ENETUNREACH" },
      { ...attempt, ip_address: "192.0.2.1", error: "ECONNREFUSED" },
    ];
    expect(shown(broken(failure("connect", "refused", "refused"), [["connect"]], { ...nothing, attempts })).errcode).toBe("[Errno 111] Connection refused");
  });

  test.each([
    [554, "5.7.1 go away", "(554, b'5.7.1 go away')"],
    [421, "4.3.2 busy", "(421, b'4.3.2 busy')"],
    [554, "it's\nclosed", `(554, b"it's\\nclosed")`],
  ])("a greeting of %i %j", (code, text, errcode) => {
    // The goodbye that follows is no part of the result.
    expect(shown(broken(rejection("greeting", code), [["greeting", code, text], QUIT]))).toEqual({
      target_host: "mx.example.org",
      target_port: "25",
      retcode: "ERROR: on port 25 can't connect.",
      errcode,
    });
  });

  test("a refusal has its own reply, not that to QUIT with the same code", () => {
    const output = broken(rejection("ehlo", 502), [GREETING, ["EHLO", 502, "no"], ["HELO", 502, "neither"], ["QUIT", 502, "nor that"]]);
    expect(shown(output).errcode).toBe("(502, b'neither')");
  });

  test("results before the failure are kept", () => {
    const output = shown(broken(failure("noop", "closed", "the peer closed the connection"), [GREETING, EHLO, ["NOOP"]]));
    expect(output).toEqual({
      target_host: "mx.example.org",
      target_port: "25",
      IP_address: "147.229.8.12",
      connected_time: "2024-11-22T11:58:56.596428Z",
      server_msg: "250-mx.example.org",
      ehlo_op: { status_code: "250", status_msg: "['PIPELINING', 'SIZE 33554432']", SIZE: "32.0 MB" },
      retcode: "ERROR: on port 25 can't connect.",
      errcode: "Connection unexpectedly closed",
    });
    expect(Object.keys(output).slice(-2)).toEqual(["retcode", "errcode"]);
  });

  test("a server that closes on EHLO", () => {
    const output = shown(broken(failure("ehlo", "closed", "closed"), [GREETING, ["EHLO"]]));
    expect(output).not.toHaveProperty("ehlo_op");
    expect(output).toMatchObject({ IP_address: "147.229.8.12", errcode: "Connection unexpectedly closed" });
  });

  test("failures without a Python message have the usual one", () => {
    expect(shown(broken(failure("greeting", "protocol_violation", 'not a reply: "SSH-2.0"'), [["greeting"]])).errcode).toBe('not a reply: "SSH-2.0"');
    expect(shown(broken(failure("tls", "tls_protocol", "(EPROTO) what: a mess"), [["TLS"]])).errcode).toBe("(EPROTO) what: a mess");
    expect(shown(broken(failure("connect", "cancelled", "the run was cancelled"), [], nothing)).errcode).toBe("the run was cancelled");
  });
});

describe("results that the original lost", () => {
  test.each<[string, Step[]]>([
    ["a lost QUIT", [GREETING, EHLO, NOOP, ["QUIT"]]],
    ["a lost QUIT inside TLS", [GREETING, EHLO, ["STARTTLS", 220, "go"], ["TLS"], EHLO, NOOP, ["QUIT"]]],
  ])("%s leaves a result without a retcode", (_what, conversation) => {
    const output = shown({ ...answered(...conversation), status: "warning" });
    expect(output).toMatchObject({ noop_op: { status_code: "250", status_msg: "b'2.0.0 Ok'" }, response_time: "0.019s", duration: "0.246s" });
    expect(output).not.toHaveProperty("quit_op");
    expect(output).not.toHaveProperty("retcode");
  });

  test("an EHLO that is refused is shown as it was, and NOOP is reached by HELO", () => {
    const output = shown(answered(GREETING, ["EHLO", 502, "5.5.1 what?"], ["HELO", 250, "mx.example.org"], NOOP, QUIT));
    expect(output).toMatchObject({
      server_msg: "502-5.5.1 what?",
      ehlo_op: { status_code: "502", status_msg: "[]", SIZE: "UNKNOWN" },
      noop_op: { status_code: "250", status_msg: "b'2.0.0 Ok'" },
    });
  });

  test("an EHLO that is not UTF-8 costs nothing", () => {
    const output = answered(GREETING, ["EHLO", 250, "mx.example.org\ncafé\nSIZE 1048576"], NOOP, QUIT);
    expect(shown({ ...output, anomalies: [{ kind: "not_utf8", detail: "" }] }).ehlo_op).toEqual({
      status_code: "250",
      status_msg: "['café', 'SIZE 1048576']",
      SIZE: "1.0 MB",
    });
  });
});

test("a NOOP that is refused is a result as in the original", () => {
  const output = shown(broken(rejection("noop", 530), [GREETING, EHLO, ["NOOP", 530, "5.7.0 Must authenticate", 4.4], QUIT]));
  expect(output).toMatchObject({
    noop_op: { status_code: "530", status_msg: "b'5.7.0 Must authenticate'" },
    response_time: "0.004s",
    quit_op: { status_code: "221" },
    duration: "0.246s",
  });
  expect(output).not.toHaveProperty("retcode");
});

describe("IP_address", () => {
  test.each([
    ["mx.example.org", true],
    ["MX.Example.ORG", true],
    ["localhost", true],
    ["123", true],
    ["192.0.2.1", false],
    ["2001:db8::1", false],
    ["mx.example.org.", false],
    ["mx.example.xn--p1ai", false],
    ["bücher.example", false],
  ])("for %s: %s", (host, isShown) => {
    const output = shown(answered(GREETING, EHLO, NOOP, QUIT), { ...asked, target_host: host });
    expect(Object.hasOwn(output, "IP_address")).toBe(isShown);
    expect(output.connected_time).toBe("2024-11-22T11:58:56.596428Z");
  });

  test("may be of the sixth version", () => {
    expect(shown({ ...answered(GREETING, EHLO, NOOP, QUIT), ip_address: "2001:db8::1" }).IP_address).toBe("2001:db8::1");
  });
});

describe("SIZE", () => {
  test.each([
    ["SIZE 33554432", "32.0 MB"],
    ["SIZE 35882577", "34.22029209136963 MB"],
    ["SIZE 0", "0.0 MB"],
    ["SIZE 33554432  ", "32.0 MB"],
    ["SIZE 1", "9.5367431640625e-07 MB"],
    ["SIZE", "UNKNOWN"],
    ["size 1000", "UNKNOWN"],
    ["SIZE 1000 2000", "UNKNOWN"],
    ["SIZE many", "UNKNOWN"],
    [`SIZE ${"9".repeat(400)}`, "UNKNOWN"],
    ["HELP", "UNKNOWN"],
  ])("%s", (line, size) => {
    expect(shown(answered(GREETING, ["EHLO", 250, `mx.example.org\n${line}`], NOOP, QUIT)).ehlo_op?.SIZE).toBe(size);
  });

  test("the first that can be read counts", () => {
    expect(shown(answered(GREETING, ["EHLO", 250, "mx\nSIZE\nSIZE 1048576\nSIZE 2097152"], NOOP, QUIT)).ehlo_op?.SIZE).toBe("1.0 MB");
  });

  test("an EHLO of one line offers nothing", () => {
    expect(shown(answered(GREETING, ["EHLO", 250, "mx"], NOOP, QUIT)).ehlo_op).toEqual({ status_code: "250", status_msg: "[]", SIZE: "UNKNOWN" });
  });
});

describe("a reply's bytes", () => {
  const noopOf = (text: string, kinds: Output["anomalies"] = []) =>
    shown({ ...answered(GREETING, EHLO, ["NOOP", 250, text], QUIT), anomalies: kinds }).noop_op?.status_msg;
  const notUtf8: Output["anomalies"] = [{ kind: "not_utf8", detail: "a reply was not UTF-8; it was read as latin-1" }];

  test("of several lines, each without the white space around it", () => expect(noopOf(" 2.0.0 a \n2.0.0 b\t")).toBe("b'2.0.0 a\\n2.0.0 b'"));
  test("without a text", () => expect(noopOf("")).toBe("b''"));
  test("with quotes", () => expect(noopOf('it\'s "fine"')).toBe(`b'it\\'s "fine"'`));
  test("that were UTF-8", () => expect(noopOf("café")).toBe("b'caf\\xc3\\xa9'"));
  test("that were not", () => expect(noopOf("café", notUtf8)).toBe("b'caf\\xe9'"));
  test("that were not, beside a line that was", () =>
    expect(noopOf("café\n日本\nÃ©", notUtf8)).toBe("b'caf\\xe9\\n\\xe6\\x97\\xa5\\xe6\\x9c\\xac\\n\\xc3\\x83\\xc2\\xa9'"));
});

test("no time is 0.0s", () => {
  expect(shown({ ...answered(GREETING, EHLO, ["NOOP", 250, "ok", 0.2], QUIT), duration_ms: 0.4 })).toMatchObject({ response_time: "0.0s", duration: "0.0s" });
});

describe("sendmail_op", () => {
  const sent = { mail_from: "a@example.org", rcpt_to: "o'b@example.org", message_id: "<1@example.org>", accepted: false, delivery: "refused" } as const;

  test("is not there when nothing was to be sent", () => expect(shown(example)).not.toHaveProperty("sendmail_op"));

  test("says that it was sent", () => {
    const output = shown({ ...example, sent_message: { ...sent, accepted: true, delivery: "accepted" } }, toSend);
    expect(output.sendmail_op).toBe("Succesfully sent email from mx.example.org to o'b@example.org");
  });

  test.each<[string, Failure, Step, Partial<Output>, string]>([
    ["a login", rejection("auth", 535), ["AUTH", 535, "5.7.8 no"], {}, "(535, b'5.7.8 no')"],
    [
      "a server that knows no login",
      failure("auth", "unsupported", "no AUTH"),
      ["EHLO", 250, "mx"],
      { capabilities: [] },
      "SMTP AUTH extension not supported by server.",
    ],
    [
      "a server with other logins",
      failure("auth", "unsupported", "none fits"),
      ["EHLO", 250, "mx"],
      { capabilities: [{ keyword: "AUTH", parameters: ["NTLM"] }] },
      "No suitable authentication method found.",
    ],
    [
      "a server without TLS",
      failure("auth", "not_permitted", "without TLS"),
      ["EHLO", 250, "mx"],
      { tls: null },
      "STARTTLS extension not supported by server.",
    ],
    ["a sender", rejection("mail", 553), ["MAIL", 553, "5.1.8 no"], { sent_message: sent }, "(553, b'5.1.8 no', 'a@example.org')"],
    ["a recipient", rejection("rcpt", 550), ["RCPT", 550, "5.1.1 no"], { sent_message: sent }, `{"o'b@example.org": (550, b'5.1.1 no')}`],
    ["a message", rejection("data", 554), ["DATA", 554, "5.6.0 no"], { sent_message: sent }, "(554, b'5.6.0 no')"],
    ["a lost connection", failure("data", "closed", "closed"), ["DATA"], { sent_message: { ...sent, delivery: "unknown" } }, "Connection unexpectedly closed"],
  ])("says why it was not: %s; the probe's own result stays", (_what, reason, step, more, words) => {
    const output = shown(broken(reason, [GREETING, EHLO, NOOP, step, QUIT], more), toSend);
    expect(output.sendmail_op).toBe(`Failed to send email from mx.example.org. Error: ${words}`);
    expect(output).toMatchObject({ noop_op: { status_code: "250" }, duration: "0.246s" });
    expect(output).not.toHaveProperty("retcode");
  });

  test("has the first refusal of pipelined commands", () => {
    const conversation: Step[] = [
      GREETING,
      EHLO,
      NOOP,
      ["MAIL", 550, "not you"],
      ["RCPT", 550, "no sender"],
      ["DATA", 550, "no recipient"],
      ["QUIT", 550, "no"],
    ];
    const output = shown(broken(rejection("mail", 550), conversation, { sent_message: sent }), toSend);
    expect(output.sendmail_op).toBe("Failed to send email from mx.example.org. Error: (550, b'not you', 'a@example.org')");
  });

  test("is there too when the server was never reached", () => {
    const output = shown(broken(failure("resolve", "dns_not_found", "no such name"), [], { ip_address: null, connected_time: null, attempts: [] }), toSend);
    expect(output.sendmail_op).toBe("Failed to send email from mx.example.org. Error: [Errno -2] Name or service not known");
    expect(Object.keys(output).slice(-3)).toEqual(["retcode", "errcode", "sendmail_op"]);
  });
});
