import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { errorTypeOf } from "../../../probes/mail.receive/error-type.js";
import { foldersOf } from "../../../probes/mail.receive/folders.js";
import { isWanted, searchKeysOf, type Wanted } from "../../../probes/mail.receive/match-criteria.js";
import { parseHeader } from "../../../runner/mail/header.js";
import { CODES, failure, PHASES } from "../../../schemas/failure.js";

const header = (subject: string, id = "<1@example.com>") => parseHeader(`Subject: ${subject}\r\nMessage-ID: ${id}\r\n`);

describe("the criteria", () => {
  test.each<[Wanted, string, boolean]>([
    [{ token: "1ab0c4" }, "[p] now 1ab0c4", true],
    [{ token: "1ab0c4" }, "1ab0c4", true],
    [{ token: "1ab0c4" }, "(1ab0c4)", true],
    [{ token: "1ab0c4" }, "x1ab0c4 1ab0c4y 1ab0c4", true],
    [{ token: "1ab0c4" }, "x1ab0c4 1ab0c4y é1ab0c4", false],
    [{ token: "1ab0c4" }, "1AB0C4", false],
    [{ token: "nightly" }, "[p] now nightly-2 nightly_2 not-nightly", false],
    [{ token: "nightly-2" }, "[p] now nightly-2", true],
    [{ subject_prefix: "[p] " }, "[p] now", true],
    [{ subject_prefix: "[p]" }, "Re: [p] now", false],
    [{ subject_prefix: "[P]" }, "[p] now", false],
    [{ search_subject: "ÜBER" }, "=?utf-8?Q?=C3=BCber?= uns", true],
    [{ search_subject: "x" }, "y", false],
    [{ message_id: "1@example.com" }, "any", true],
    [{ message_id: " <1@example.com> " }, "any", true],
    [{ message_id: "1@EXAMPLE.com" }, "any", false],
    [{ message_id: "@example.com" }, "any", false],
    [{ token: "1ab0c4", message_id: "2@example.com" }, "1ab0c4", false],
    [{ token: "1ab0c4", subject_prefix: "[p]" }, "1ab0c4", false],
  ])("%j in %j", (wanted, subject, expected) => {
    expect(isWanted(wanted, header(subject))).toBe(expected);
  });

  test("a message without a subject, or an empty message, does not match", () => {
    for (const wanted of [{ token: "1ab0c4" }, { subject_prefix: "x" }, { search_subject: "x" }, { message_id: "x" }])
      expect(isWanted(wanted, parseHeader(""))).toBe(false);
  });

  test("every match is part of the server's search", () => {
    const words = fc.stringMatching(/^[a-zA-Z0-9]{4,12}$/);
    fc.assert(
      fc.property(words, words, words, (before, token, id) => {
        const keys = searchKeysOf({ token, message_id: `<${id}@x>`, subject_prefix: before });
        expect(keys).toEqual([{ header: "Message-ID", contains: `${id}@x` }, { subject: token }, { subject: before }]);
        expect(isWanted({ token, message_id: `<${id}@x>`, subject_prefix: before }, header(`${before} ${token}`, `<${id}@x>`))).toBe(true);
      }),
    );
  });
});

describe("the folders that are searched", () => {
  const listed = [
    { name: "INBOX", delimiter: "/", attributes: [] },
    { name: "Werbung", delimiter: "/", attributes: ["\\HasNoChildren", "\\Junk"] },
    { name: "INBOX/spam", delimiter: "/", attributes: [] },
    { name: "Gone", delimiter: "/", attributes: ["\\Noselect"] },
    { name: "Notspam", delimiter: "/", attributes: [] },
  ];
  const shown = (wishes: readonly string[], mailboxes = listed) =>
    foldersOf(wishes, mailboxes).map(({ evidence: { name, outcome, special_use: use, is_spam_folder: isSpam } }) => [name, outcome, use, isSpam]);

  test("are found by name, INBOX in any case, each once", () => {
    expect(shown(["inbox", "INBOX", "Notspam"])).toEqual([
      ["INBOX", "not_searched", null, false],
      ["Notspam", "not_searched", null, false],
    ]);
  });

  test("are case-sensitive: Reports and reports are two folders", () => {
    expect(shown(["notspam"])).toEqual([["notspam", "missing", null, false]]);
  });

  test("are found by special use, or by the usual names if no folder has it", () => {
    expect(shown(["\\junk"])).toEqual([["Werbung", "not_searched", "\\Junk", true]]);
    expect(
      shown(
        ["\\Junk"],
        listed.filter(({ name }) => name !== "Werbung"),
      ),
    ).toEqual([["INBOX/spam", "not_searched", null, true]]);
  });

  test.each(["Junk", "Spam", "[Gmail]/Spam", "INBOX.Junk", "Junk Email", "Junk E-mail", "Bulk Mail"])("%s is for spam", (name) => {
    expect(shown([name], [{ name, delimiter: ".", attributes: [] }])).toEqual([[name, "not_searched", null, true]]);
  });

  test("that are not there, or cannot be opened, are missing", () => {
    expect(shown(["Gone", "\\Trash"])).toEqual([
      ["Gone", "missing", null, false],
      ["\\Trash", "missing", null, false],
    ]);
  });
});

test("every failure has an error type of the former checks", () => {
  const words = PHASES.flatMap((phase) => CODES.map((code) => [code, errorTypeOf(failure(phase, code, "x"))] as const));
  expect(Object.fromEntries(words)).toEqual({
    dns_not_found: "configuration_error",
    dns_failure: "transient_failure",
    refused: "transient_failure",
    unreachable: "transient_failure",
    reset: "transient_failure",
    closed: "transient_failure",
    timeout: "transient_failure",
    cancelled: "transient_failure",
    tls_certificate: "execution_error",
    tls_protocol: "execution_error",
    reply_rejected: "execution_error",
    protocol_violation: "execution_error",
    limit_exceeded: "execution_error",
    not_permitted: "configuration_error",
    unsupported: "configuration_error",
    unknown: "unexpected_error",
  });
});
