import { describe, expect, it, test } from "vitest";
import { isAddress, isDomain, isTarget, parseHost, parseTarget } from "../../schemas/host.js";

const label63 = "a".repeat(63);
const name253 = `${label63}.${label63}.${label63}.${"a".repeat(61)}`;

describe("names that are taken as they stand", () => {
  test.each(["localhost", "a", "123", "a--b.org", "example.org", "EXAMPLE.org", "1.example.org", "a.1b", "example.xn--p1ai", `${label63}.org`, name253])(
    "%s",
    (written) => {
      expect(parseHost(written)).toEqual({ kind: "name", host: written });
    },
  );

  test.each(["example.org.", "localhost.", `${name253}.`])("%s, without its trailing dot", (written) => {
    expect(parseHost(written)).toEqual({ kind: "name", host: written.slice(0, -1) });
  });
});

describe("addresses", () => {
  test.each<[string, 4 | 6]>([
    ["1.2.3.4", 4],
    ["127.0.0.1", 4],
    ["255.255.255.255", 4],
    ["::1", 6],
    ["2001:db8::25", 6],
    ["::ffff:192.0.2.1", 6],
  ])("%s is of family %i", (written, family) => {
    expect(parseHost(written)).toEqual({ kind: "address", host: written, family });
  });
});

describe("names in other scripts become A-labels", () => {
  test.each([
    ["bücher.example", "xn--bcher-kva.example"],
    ["BÜCHER.example", "xn--bcher-kva.example"],
    ["bücher.example.", "xn--bcher-kva.example"],
    ["例え.jp", "xn--r8jz45g.jp"],
    ["пример.рф", "xn--e1afmkfd.xn--p1ai"],
    ["faß.example", "xn--fa-hia.example"],
    // The full stop of Japanese separates labels too (UTS 46).
    ["例え。jp", "xn--r8jz45g.jp"],
  ])("%s is %s", (written, host) => {
    expect(parseHost(written)).toEqual({ kind: "name", host });
  });
});

describe("what is no host", () => {
  test.each([
    [""],
    ["."],
    [" "],
    ["a..b"],
    [".example.org"],
    ["example.org.."],
    ["*.x"],
    ["a:80"],
    ["-"],
    ["-a.org"],
    ["a-.org"],
    [`${label63}a.org`],
    [`${name253}a`],
    ["example.org\n"],
    ["example.org\r\nQUIT"],
    ["exam\0ple.org"],
    ["example.org,example.net"],
    ["example.org example.net"],
    [" example.org"],
    ["http://example.org"],
    ["user@example.org"],
    ["example.org/path"],
    ["[192.0.2.1]"],
    ["[::1]"],
    ["[IPv6:::1]"],
    ["192.0.2.1:25"],
    ["::1::"],
    ["fe80::1%eth0"],
    ["fe80::1%\nQUIT"],
    ["bü\u0000cher.example"],
    ["bü cher.example"],
    ["bü%61cher.example"],
    ["bücher.example/x"],
    ["bücher.example\n"],
    ["\ud800.example"],
  ])("%j", (written) => {
    expect([parseHost(written), parseTarget(written)]).toEqual([null, null]);
  });
});

describe("underscores: in names to connect to, and in no host name of mail", () => {
  test.each([
    ["foo_bar", "foo_bar"],
    ["_dmarc.x.org", "_dmarc.x.org"],
    ["foo_bar.x.org.", "foo_bar.x.org"],
    ["a_.b_.example", "a_.b_.example"],
    ["bücher_x.example", "xn--bcher_x-n2a.example"],
  ])("%s", (written, host) => {
    expect(parseTarget(written)).toEqual({ kind: "name", host });
    expect([parseHost(written), isDomain(written)]).toEqual([null, false]);
  });

  test.each(["-a_b.org", "a_b-.org", "a_b..org", "a_b.1", "_.127.1", `${"_".repeat(64)}.org`, "a_b.org\n", "a_b c", "a_b:80", "fe80::1%a_b"])(
    "what else is no host stays none: %j",
    (written) => expect(isTarget(written)).toBe(false),
  );

  test("addresses are the same to both", () => {
    for (const written of ["192.0.2.1", "::1"]) expect(parseTarget(written)).toEqual(parseHost(written));
  });
});

describe("letters that only look like ASCII are mapped or refused, never passed on", () => {
  test("the Kelvin sign is a k, as the standard for names says (UTS 46)", () => {
    expect(parseHost("\u212a.org")).toEqual({ kind: "name", host: "k.org" });
  });

  test("the long s is an s", () => {
    expect(parseHost("localho\u017ft")).toEqual({ kind: "name", host: "localhost" });
  });

  test.each(["１２７.0.0.1", "１２７。0。0。1", "①.2.3.4", "0x7f。１"])("%s is not converted into an address", (written) => {
    expect(parseHost(written)?.kind).not.toBe("address");
    expect(isTarget(written)).toBe(false);
  });
});

describe("stricter than RFC 1123: names that a resolver may convert into an address", () => {
  test.each(["256.256.256.256", "1.2.3", "127.1", "a.123", "a.123.", "0127.0.0.1", "010.1.1.1", "1.2.3.4."])(
    "%s, which is-valid-hostname takes, is refused",
    (written) => {
      expect(isTarget(written)).toBe(false);
    },
  );

  test("a single label of digits stays a name", () => {
    expect(parseHost("2130706433")).toEqual({ kind: "name", host: "2130706433" });
  });

  test("0x7f.1 stays a name: no top-level domain of digits, no address", () => {
    expect(isTarget("0x7f.1")).toBe(false);
    expect(parseHost("0x7f.example")).toEqual({ kind: "name", host: "0x7f.example" });
  });
});

describe("source addresses", () => {
  it.each([
    ["192.0.2.1", true],
    ["2001:db8::1", true],
    ["localhost", false],
    ["fe80::1%eth0", false],
  ])("%s is an address: %s", (written, expected) => {
    expect(isAddress(written)).toBe(expected);
  });
});
