import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseNamedMailbox } from "../../../runner/mail/named-mailbox.js";

describe("a mailbox is read with its display name", () => {
  test.each<[written: string, name: string, path: string]>([
    ["a@example.org", "", "a@example.org"],
    ["<a@example.org>", "", "a@example.org"],
    ["  < a@example.org >  ", "", "a@example.org"],
    ["Ann Example <a@example.org>", "Ann Example", "a@example.org"],
    ["Ann<a@example.org>", "Ann", "a@example.org"],
    ["John Q. Public <a@example.org>", "John Q. Public", "a@example.org"],
    ['"Shop, Inc." <a@example.org>', "Shop, Inc.", "a@example.org"],
    ['"a \\"b\\" \\\\" c <a@example.org>', 'a "b" \\ c', "a@example.org"],
    ["Zoë 日本 <a@example.org>", "Zoë 日本", "a@example.org"],
    ["=?utf-8?q?Zo=C3=AB?= =?utf-8?b?WA==?= <a@example.org>", "ZoëX", "a@example.org"],
    ['"=?utf-8?q?x?=" <a@example.org>', "=?utf-8?q?x?=", "a@example.org"],
    ["Ann (who (else)) Example <a@example.org> (home)", "Ann Example", "a@example.org"],
    ["a@example.org (Ann)", "", "a@example.org"],
    ['Ann <"a>b"@example.org>', "Ann", '"a>b"@example.org'],
    ["Ann <a@bücher.example>", "Ann", "a@xn--bcher-kva.example"],
    ["Ann <a@[IPv6:2001:db8::1]>", "Ann", "a@[IPv6:2001:db8::1]"],
  ])("%s", (written, name, path) => {
    expect(parseNamedMailbox(written)).toMatchObject({ name, path });
  });
});

describe("what is no mailbox is refused, with the reason", () => {
  test.each<[written: string, reason: RegExp]>([
    ["", /empty/],
    ["Ann", /no @/],
    ["Ann <>", /empty/],
    ["Ann <a>", /no @/],
    ["Ann <a@example.org", /never closed/],
    ['"Ann <a@example.org>', /never closed/],
    ["(Ann <a@example.org>", /never closed/],
    ["Ann <a@example.org> x", /follows/],
    ["Ann <a@example.org> <b@example.org>", /follows/],
    ["a@example.org, b@example.org", /more than one @|space/],
    ["Shop, Inc. <a@example.org>", /quotation marks/],
    ["a@example.org <a@example.org>", /quotation marks/],
    ["team: a@example.org, b@example.org;", /space|more than one/],
    ["team: Ann <a@example.org>;", /quotation marks|follows/],
    ["Ann <@relay.example:a@example.org>", /source route/],
    ["Ann\u0007 <a@example.org>", /control/],
    ["Ann\r\nBcc: <a@example.org>", /control/],
  ])("%j", (written, reason) => {
    expect(parseNamedMailbox(written)).toMatchObject({ problem: expect.stringMatching(reason) });
  });
});

test("every text is read in linear time, and to the same mailbox when it is quoted again", () => {
  const unit = fc.constantFrom("a", "@", "b.example", "<", ">", '"', "\\", "(", ")", " ", ",", "é", "=?utf-8?q?x?=");
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 40 }), (written) => {
      const mailbox = parseNamedMailbox(written);
      if ("problem" in mailbox) return;
      const again = `"${mailbox.name.replace(/[\\"]/g, "\\$&")}" <${mailbox.path}>`;
      expect(parseNamedMailbox(again)).toMatchObject({ name: mailbox.name, path: mailbox.path });
    }),
  );
  const began = performance.now();
  for (const text of ["(".repeat(100_000), '"'.repeat(100_001), "<".repeat(100_000), "a ".repeat(50_000), `${"(a)".repeat(30_000)}<`]) parseNamedMailbox(text);
  expect(performance.now() - began).toBeLessThan(5000);
});
