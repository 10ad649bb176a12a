import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Mailbox, parseMailbox, parseSender } from "../../../../runner/net/smtp/mailbox.js";

function good(written: string): Mailbox {
  const result = parseMailbox(written);
  if ("problem" in result) throw new Error(`${written}: ${result.problem}`);
  return result;
}

describe("goes out as it was written", () => {
  test.each([
    "user@example.org",
    "User.Name+Tag@Example.ORG",
    "o'brien_x=y@sub.example.org",
    "user@localhost",
    "user@xn--bcher-kva.example",
    "user@1and1.example",
    '"two words"@example.org',
    '"a@b<c>\\"d\\\\"@example.org',
    '""@example.org',
    '".."@example.org',
    "user@[192.0.2.1]",
    "user@[IPv6:2001:db8::1]",
    "user@[ipv6:2001:DB8::1]",
    `${"l".repeat(64)}@example.org`,
    `u@${`${"d".repeat(63)}.`.repeat(3)}${"d".repeat(60)}`,
  ])("%s", (written) => {
    const mailbox = good(written);
    expect(mailbox.path).toBe(written);
    expect(mailbox.needsSmtpUtf8).toBe(false);
    expect(written.startsWith(`${mailbox.localPart}@`)).toBe(true);
  });
});

describe("is refused, with the reason", () => {
  const cases: [string, RegExp][] = [
    ["", /empty/],
    ["user", /no @/],
    ["@example.org", /nothing precedes the @/],
    ["user@", /nothing follows the @/],
    ["a@b@c", /more than one @/],
    ["@relay.example,@b:user@example.org", /source route/],
    ["<user@example.org>", /without them/],
    ["user@example.org>", /not a domain name/],
    ["user@example.org> SIZE=1", /not a domain name/],
    ["us>er@example.org", /< or >/],
    ["two words@example.org", /quotation marks/],
    ["user @example.org", /space/],
    ["user@ example.org", /not a domain name/],
    ["user(comment)@example.org", /comment/],
    ["user@example.org(comment)", /not a domain name/],
    ["user@example.org\r\nDATA", /control character/],
    ["us\ner@example.org", /control character/],
    ["us\rer@example.org", /control character/],
    ["us\0er@example.org", /control character/],
    ['"us\r\ner"@example.org', /control character/],
    ["user@example.org\x85", /control character/],
    ["user\u2028@example.org", /space/],
    ["us\u00a0er@example.org", /space/],
    ["user\ud800@example.org", /control character/],
    [".user@example.org", /dot/],
    ["user.@example.org", /dot/],
    ["us..er@example.org", /dot/],
    ["us,er@example.org", /","/],
    ['us"er@example.org', /quotation marks/],
    ['"user@example.org', /never closed/],
    ['"us"er"@example.org', /after the closing quotation mark/],
    ['"user"x@example.org', /after the closing quotation mark/],
    ["user@example..org", /not a domain name/],
    ["user@example.org.", /not a domain name/],
    ["user@-example.org", /not a domain name/],
    ["user@exa_mple.org", /not a domain name/],
    ["user@192.0.2.1", /brackets: \[192\.0\.2\.1\]/],
    ["user@2001:db8::1", /brackets: \[IPv6:2001:db8::1\]/],
    ["user@0127.0.0.1", /not a domain name/],
    ["user@2130706433", /a number/],
    ["user@0x7f000001", /a number/],
    ["user@0x7f.1", /not a domain name/],
    ["user@[0127.0.0.1]", /address literal/],
    ["user@[127.1]", /address literal/],
    ["user@[2130706433]", /address literal/],
    ["user@[2001:db8::1]", /address literal/],
    ["user@[IPv6:192.0.2.1]", /address literal/],
    ["user@[IPv6:fe80::1%eth0]", /address literal/],
    ["user@[x-tag:content]", /address literal/],
    ["user@[192.0.2.1", /address literal/],
    [`${"l".repeat(65)}@example.org`, /65 bytes, 64 are allowed/],
    [`${"ü".repeat(33)}@example.org`, /66 bytes, 64 are allowed/],
    [`user@${`${"d".repeat(63)}.`.repeat(3)}${"d".repeat(60)}`, /259 bytes with its brackets, 256 are allowed/],
    [`user@${"d".repeat(2000)}`, /2005 characters/],
    ["<>", /< or >|no @/],
  ];
  test.each(cases)("%j", (written, reason) => {
    const result = parseMailbox(written);
    expect("problem" in result ? result.problem : result).toMatch(reason);
  });
});

describe("beyond ASCII", () => {
  test("a domain alone becomes A-labels, which every server understands", () => {
    expect(good("user@bücher.example")).toMatchObject({
      path: "user@xn--bcher-kva.example",
      needsSmtpUtf8: false,
      host: { kind: "name", host: "xn--bcher-kva.example" },
    });
  });

  test("a local part keeps itself and its domain's U-labels, and needs SMTPUTF8", () => {
    expect(good("jürgen@bücher.example")).toMatchObject({ path: "jürgen@bücher.example", needsSmtpUtf8: true, host: { host: "xn--bcher-kva.example" } });
    expect(good("jürgen@xn--bcher-kva.example").path).toBe("jürgen@bücher.example");
    expect(good('"j ü"@example.org')).toMatchObject({ path: '"j ü"@example.org', needsSmtpUtf8: true });
    expect(good("用户@例え.jp")).toMatchObject({ path: "用户@例え.jp", host: { host: "xn--r8jz45g.jp" } });
  });
});

test("an address literal leads to its address", () => {
  expect(good("user@[192.0.2.1]").host).toEqual({ kind: "address", host: "192.0.2.1", family: 4 });
  expect(good("user@[IPv6:2001:db8::1]").host).toEqual({ kind: "address", host: "2001:db8::1", family: 6 });
});

test("only a sender may be the null reverse-path", () => {
  expect(parseSender("<>")).toBeNull();
  expect(parseSender("user@example.org")).toEqual(parseMailbox("user@example.org"));
});

test("nothing that is accepted can leave its command line or its brackets", () => {
  const treacherous = fc
    .array(fc.constantFrom("a", "@", ".", '"', "\\", " ", "<", ">", "\r", "\n", "\0", "ü", "[", "]", ":", "1", "(", "\u2028", "example.org"), { maxLength: 14 })
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(treacherous, (written) => {
      const result = parseMailbox(written);
      if ("problem" in result) return;
      expect(result.path).not.toMatch(/[\0\r\n\u2028]/);
      // What is left without its quoted string holds nothing that a server could cut at.
      const unquoted = result.path.replace(/^"(?:[^"\\]|\\.)*"/, "q");
      expect(unquoted).toMatch(/^[^\s<>"()@]+@[^\s<>"()@]+$/);
      expect(Buffer.byteLength(result.path)).toBeLessThanOrEqual(254);
    }),
    { numRuns: 2000 },
  );
});
