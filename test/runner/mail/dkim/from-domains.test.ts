import { describe, expect, test } from "vitest";
import { fromDomains } from "../../../../runner/mail/dkim/from-domains.js";
import type { HeaderField } from "../../../../runner/mail/dkim/header-fields.js";

const from = (value: string): string[] => fromDomains([{ name: "from", raw: Buffer.from(`From: ${value}`, "utf8").toString("latin1") } as HeaderField]);

describe("the domains of From, labelled from RFC 5322, 3.2.2, 3.2.4 and 3.4", () => {
  test.each<[string, string, string[]]>([
    ["an address alone", "a@example.org", ["example.org"]],
    ["a name before it", "Ann <a@example.org>", ["example.org"]],
    ["an address inside a quoted name", '"x@evil.example" <a@example.org>', ["example.org"]],
    ["an escaped quotation mark in the name", '"Ann \\" <x@evil.example>" <a@example.org>', ["example.org"]],
    ["an address inside a comment", "(<x@evil.example>) a@example.org", ["example.org"]],
    ["comments inside comments", "(a (nested <x@evil.example>) ) Ann <a@example.org>", ["example.org"]],
    ["twelve comments inside each other", `${"(".repeat(12)}<x@evil.example>${")".repeat(12)} <a@example.org>`, ["example.org"]],
    ["a quotation mark has no meaning in a comment", '(6" (tall) wide) a@example.org', ["example.org"]],
    ["a quotation mark in a comment opens nothing", '(" ) a@example.org (")', ["example.org"]],
    ["a comment inside the brackets", "<a@(c)example.org>", ["example.org"]],
    ["a bracket in a comment inside the brackets", "<a@example.org (>)>", ["example.org"]],
    ["a comment behind the address", "a@example.org (x@evil.example)", ["example.org"]],
    ["a route", "<@evil.example:a@example.org>", ["example.org"]],
    ["a quoted local part", '"a@evil.example"@example.org', ["example.org"]],
    ["a group", "friends: a@example.org, b@example.net;", ["example.org", "example.net"]],
    ["an empty group", "undisclosed:;", []],
    ["a comma in a quoted name", '"Doe, Ann" <a@example.org>', ["example.org"]],
    ["blanks around the domain", "<a@ example.org >", ["example.org"]],
    ["a comment that never ends", "Ann :-( <a@example.org>", ["example.org"]],
    ["a quotation mark alone", '6" Ann <a@example.org>', ["example.org"]],
    ["a U-label", "a@bücher.example", ["xn--bcher-kva.example"]],
    ["no address", "Ann", []],
  ])("%s", (_, value, domains) => {
    expect(from(value)).toEqual(domains);
  });

  test.each([
    ["quoted strings that never end", '"\\'.repeat(300_000)],
    ["brackets with quoted strings that never end", '<"'.repeat(300_000)],
    ["comments that never end", "(".repeat(600_000)],
    ["comments inside brackets that never end", "<(".repeat(300_000)],
    ["comments inside each other", "(".repeat(300_000) + ")".repeat(300_000)],
    ["comments of which every second ends", "((a)".repeat(150_000)],
  ])("%s take no quadratic time", (_, value) => {
    const before = process.cpuUsage();
    from(`${value} <a@example.org>`);
    const { user } = process.cpuUsage(before);
    expect(user / 1_000_000).toBeLessThan(5);
  });
});
