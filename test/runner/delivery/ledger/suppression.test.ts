import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Ledger } from "../../../../runner/delivery/ledger/ledger.js";

let folder: string;
let now: number;
const open: Ledger[] = [];
const path = (): string => join(folder, "deep", "delivery.db");

function ledger(): Ledger {
  const opened = Ledger.create(path(), () => now);
  open.push(opened);
  return opened;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "probe-run-ledger-"));
  now = Date.UTC(2026, 10, 20);
});
afterEach(() => {
  for (const each of open.splice(0)) each.close();
  rmSync(folder, { recursive: true });
});

test("an address is found in any case and as A-labels or U-labels, and after the file was reopened", () => {
  const first = ledger();
  expect(first.suppressed.add([{ target: "Ann.Lee@BÜCHER.example", reason: "complaint", detail: "abuse report" }])).toBe(1);
  first.close();
  open.length = 0;
  const found = ledger().suppressed.find("ann.lee@xn--bcher-kva.example");
  expect(found).toEqual({
    target: "ann.lee@xn--bcher-kva.example",
    reason: "complaint",
    detail: "abuse report",
    since: "2026-11-20T00:00:00.000Z",
    until: null,
  });
});

test("a domain covers all of its addresses, and no other domain that ends with the same letters", () => {
  const { suppressed } = ledger();
  suppressed.add([{ target: "@example.org", reason: "manual" }]);
  expect(suppressed.find("anyone@Example.org")?.target).toBe("@example.org");
  expect(suppressed.find("anyone@sub.example.org")).toBeNull();
  expect(suppressed.find("anyone@notexample.org")).toBeNull();
});

test("a temporary entry expires, and does not shorten a permanent one", () => {
  const { suppressed } = ledger();
  suppressed.add([
    { target: "a@example.org", reason: "bounce", forMs: 1000 },
    { target: "b@example.org", reason: "unsubscribe" },
  ]);
  expect(suppressed.add([{ target: "b@example.org", reason: "bounce", forMs: 1000 }])).toBe(0);
  now += 1001;
  expect(suppressed.find("a@example.org")).toBeNull();
  expect(suppressed.list(10).map(({ target, reason }) => [target, reason])).toEqual([["b@example.org", "unsubscribe"]]);
});

test("an invalid address is reported, and none of the others is stored", () => {
  const { suppressed } = ledger();
  expect(() =>
    suppressed.add([
      { target: "a@example.org", reason: "manual" },
      { target: "a b@example.org\r\n", reason: "manual" },
    ]),
  ).toThrow(/is not a valid address/);
  expect(() => suppressed.remove(["@not a domain"])).toThrow(/write @example\.org/);
  expect(suppressed.count()).toBe(0);
});

test("two processes see each other's entries", () => {
  const [one, other] = [ledger(), ledger()];
  one.suppressed.add([{ target: "a@example.org", reason: "manual" }]);
  expect(other.suppressed.remove(["A@example.org", "never@example.org"])).toBe(1);
  expect(one.suppressed.find("a@example.org")).toBeNull();
});
