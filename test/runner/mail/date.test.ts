import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDate } from "../../../runner/mail/date.js";
import { anyCharacter } from "../../support/any-character.js";

const CASES: readonly [written: string, utc: string | null][] = [
  ["Fri, 20 Nov 2026 02:41:46 +0000 (UTC)", "2026-11-20T02:41:46.000Z"],
  ["Fri, 20 Nov 2026 02:41:46 -0800 (PST)", "2026-11-20T10:41:46.000Z"],
  ["20 Nov 2026 02:41:46 -0000", "2026-11-20T02:41:46.000Z"],
  ["20-Nov-2026 02:41:46 +0130", "2026-11-20T01:11:46.000Z"],
  [" 1-Nov-2026 02:41:46 +0000", "2026-11-01T02:41:46.000Z"],
  ["Fri, 20 Nov 26 02:41 EST", "2026-11-20T07:41:00.000Z"],
  ["Fri, 20 Nov 99 02:41 GMT", "1999-11-20T02:41:00.000Z"],
  ["Friday, 20 November 2026 02:41:46 Z", "2026-11-20T02:41:46.000Z"],
  ["Fri Nov 20 02:41:46 2026", "2026-11-20T02:41:46.000Z"],
  ["Fri Nov 20 02:41:46 CET 2026", "2026-11-20T01:41:46.000Z"],
  ["Fri Nov 20 02:41:46 2026 -0500", "2026-11-20T07:41:46.000Z"],
  ["Fri, 20 Nov 2026 02:41:46.1234567 +0000", "2026-11-20T02:41:46.000Z"],
  ["Thu, 31 Dec 2026 23:59:60 +0000", "2026-12-31T23:59:59.000Z"],
  ["Sat, 29 Feb 2028 00:00:00 +0000", "2028-02-29T00:00:00.000Z"],
  ["Mon, 29 Feb 2027 00:00:00 +0000", null],
  ["Fri, 31 Apr 2026 00:00:00 +0000", null],
  ["Fri, 20 Nov 2026 24:00:00 +0000", null],
  ["Fri, 20 Nov 2026 02:60:00 +0000", null],
  ["Fri, 20 Nov 2026 02:41:61 +0000", null],
  ["Fri, 20 Nov 2026 02:41:46 +0199", null],
  ["Fri, 20 Foo 2026 02:41:46 +0000", null],
  ["2026-11-20T02:41:46Z", null],
  ["", null],
];

describe("the date of a header", () => {
  test.each(CASES)("%s", (written, utc) => {
    const moment = parseDate(written);
    expect(moment === null ? null : new Date(moment).toISOString()).toBe(utc);
  });

  test("any date that JavaScript writes in UTC is read back", () => {
    const moments = fc.integer({ min: 0, max: Date.UTC(2099, 0) / 1000 });
    fc.assert(fc.property(moments, (seconds) => void expect(parseDate(new Date(seconds * 1000).toUTCString())).toBe(seconds * 1000)));
  });

  test("any text gives a moment or none, at once", () => {
    fc.assert(fc.property(fc.string({ unit: anyCharacter, maxLength: 300 }), (text) => void expect(Number.isInteger(parseDate(text) ?? 0)).toBe(true)));
  });
});
