import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openPolicySources } from "../../../../runner/tls-policy/policy-sources.js";
import { type CachedPolicy, StsCache } from "../../../../runner/tls-policy/sts/cache.js";
import { MAX_POLICIES } from "../../../../runner/tls-policy/sts/limits.js";
import type { StsPolicy } from "../../../../runner/tls-policy/sts/policy.js";
import { readStsPolicy } from "../../../../runner/tls-policy/sts/read-policy.js";

const folder = mkdtempSync(join(tmpdir(), "probe-run-sts-cache-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const policy = readStsPolicy("version: STSv1\nmode: enforce\nmx: mx.example.org\nmax_age: 100\n") as StsPolicy;
const kept = (id: string, fetchedAt = 0, expiresAt = 100_000): CachedPolicy => ({ id, policy, fetchedAt, expiresAt });
let files = 0;
const newFile = (): string => join(folder, `sts-${++files}.db`);

describe("a policy", () => {
  test.each([
    ["in memory", () => null],
    ["in a file", newFile],
  ])("%s is kept until it expires", (_where, path) => {
    let now = 0;
    const cache = new StsCache(path(), () => now);
    cache.set("example.org", kept("1"));
    expect(cache.get("example.org", null)).toEqual(kept("1"));
    expect(cache.get("example.net", null)).toBeNull();
    now = 99_999;
    expect(cache.get("example.org", "1")).toEqual(kept("1"));
    now = 100_000;
    expect(cache.get("example.org", null)).toBeNull();
    cache.close();
  });

  test("is read unchanged by the next process", () => {
    const path = newFile();
    const first = new StsCache(path, () => 1000);
    first.set("example.org", kept("1"));
    first.close();
    const second = new StsCache(path, () => 1000);
    expect(second.get("example.org", "1")).toEqual(kept("1"));
    second.close();
  });

  test("that is older does not replace a newer one from another process", () => {
    const path = newFile();
    const [slow, quick] = [new StsCache(path, () => 1000), new StsCache(path, () => 1000)];
    quick.set("example.org", kept("2", 900));
    slow.set("example.org", kept("1", 100));
    const third = new StsCache(path, () => 1000);
    expect(third.get("example.org", null)?.id).toBe("2");
    // The slow one hears of it as soon as the domain announces it.
    expect(slow.get("example.org", "2")?.id).toBe("2");
    for (const cache of [slow, quick, third]) cache.close();
  });

  test("that has expired is removed from the file at the next write", () => {
    const path = newFile();
    let now = 0;
    const cache = new StsCache(path, () => now);
    cache.set("a.example", kept("1"));
    now = 200_000;
    cache.set("b.example", kept("1", now, now + 1000));
    cache.close();
    // With the clock of before, what is still in the file would count.
    const another = new StsCache(path, () => 0);
    expect([another.get("a.example", null), another.get("b.example", null)?.id]).toEqual([null, "1"]);
    another.close();
  });

  test("is evicted from memory, the oldest first, above the limit", () => {
    const cache = new StsCache(null, () => 0);
    for (let index = 0; index <= MAX_POLICIES; index++) cache.set(`${index}.example`, kept("1"));
    expect([cache.get("0.example", null), cache.get("1.example", null)?.id, cache.get(`${MAX_POLICIES}.example`, null)?.id]).toEqual([null, "1", "1"]);
  });
});

test("a file that cannot be used is reported once, with advice, and policies are kept in memory", async () => {
  const blocked = join(folder, "not-a-folder");
  writeFileSync(blocked, "");
  const warnings: string[] = [];
  const listener = ({ message }: Error): unknown => warnings.push(message);
  process.on("warning", listener);
  for (let count = 0; count < 2; count++) openPolicySources({ validates: true, file: join(blocked, "sts.db") }).close();
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", listener);
  expect(warnings).toEqual([
    expect.stringMatching(/sts\.db cannot be used, so what it would hold is in memory only: .* Name another file in PROBE_RUN_TLS_POLICIES$/),
  ]);
});
