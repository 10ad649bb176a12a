import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allowedReferences } from "../../../runner/queue/allowed-references.js";

let base = "";

beforeAll(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "probe-run-allowed-")));
  for (const folder of ["secrets", "secrets/deep", "secrets/st*r", "other", "secrets/version-1"]) mkdirSync(join(base, folder));
  for (const file of ["secrets/password", "secrets/my password", "secrets/deep/password", "secrets/st*r/password", "other/key", "secrets/version-1/token"])
    writeFileSync(join(base, file), "hidden");
  symlinkSync("../other/key", join(base, "secrets/link-out"));
  symlinkSync("version-1/token", join(base, "secrets/token"));
  symlinkSync("secrets", join(base, "link-in"));
  symlinkSync("../other", join(base, "secrets/folder-out"));
});

afterAll(() => rmSync(base, { recursive: true, force: true }));

async function isAllowed(pattern: string, reference: string): Promise<boolean> {
  return allowedReferences([pattern.replace("DIR", base)])(reference.replace("DIR", base));
}

describe("files", () => {
  test.each([
    ["file:DIR/secrets/*", "file:DIR/secrets/password"],
    ["file:DIR/secrets/*", "file:DIR/secrets/deep/../password"],
    ["file:DIR/secrets/*", "file:DIR/link-in/password"],
    ["file:DIR/link-in/*", "file:DIR/secrets/password"],
    ["file:DIR/link-in/*", "file:DIR/link-in/password"],
    ["file:DIR/secrets/pass*", "file:DIR/secrets//./password"],
    ["file:DIR/secrets/*/*", "file:DIR/secrets/token"],
    ["file:DIR/secrets/token", "file:DIR/secrets/token"],
    ["file:DIR/secrets/*", "file:DIR/secrets/does-not-exist"],
    ["file:DIR/secrets/my password", "file:DIR/secrets/my password"],
  ])("%s allows %s", async (pattern, reference) => {
    expect(await isAllowed(pattern, reference)).toBe(true);
  });

  test.each([
    ["file:DIR/secrets/*", "file:DIR/secrets/../other/key"],
    ["file:DIR/secrets/*", "file:DIR/secrets/link-out"],
    ["file:DIR/secrets/*", "file:DIR/secrets/folder-out/key"],
    ["file:DIR/secrets/*", "file:DIR/secrets/deep/password"],
    ["file:DIR/secrets/*", "file:DIR/secrets/my password"],
    ["file:DIR/secrets/*", "file:DIR/secrets/token"],
    ["file:DIR/secrets/*", "file:DIR/secrets"],
    ["file:DIR/secrets/*", "file:DIR/secrets/password/../../other/key"],
    ["file:DIR/secrets/*", "file:DIR/secrets/does-not-exist/../../other/key"],
    ["file:DIR/secrets/*", "file:DIR/secrets/pass\0word"],
    ["file:*", "file:DIR/secrets/password"],
    ["env:*", "file:DIR/secrets/password"],
  ])("%s does not allow %j", async (pattern, reference) => {
    expect(await isAllowed(pattern, reference)).toBe(false);
  });

  test("a relative path is resolved in the worker's working directory", async () => {
    expect(await isAllowed("file:DIR/secrets/*", `file:${relative(process.cwd(), join(base, "secrets/password"))}`)).toBe(true);
  });

  test("a star in a folder's own name is not a wildcard", async () => {
    symlinkSync("st*r", join(base, "secrets/starred"));
    expect(await isAllowed("file:DIR/secrets/starred/*", "file:DIR/secrets/st*r/password")).toBe(true);
    expect(await isAllowed("file:DIR/secrets/starred/*", "file:DIR/secrets/star/password")).toBe(false);
  });
});

describe("environment variables and commands", () => {
  test.each([
    ["env:SMTP_*", "env:SMTP_PASSWORD"],
    ["env:*_PASS*", "env:SMTP_PASS_PASSWORD"],
    ["command:pass show *", "command:pass show mail"],
    ["command:pass show mail/*", "command:pass  show mail/smtp"],
    ["command:pass --key=* show", "command:pass --key=a show"],
  ])("%s allows %s", async (pattern, reference) => {
    expect(await isAllowed(pattern, reference)).toBe(true);
  });

  test.each([
    ["env:SMTP_*", "env:SMTP"],
    ["env:SMTP_*", "env:SMTP_A B"],
    ["env:SMTP_*", "env:SMTP_A/B"],
    ["env:A*A", "env:A"],
    ["command:pass show *", "command:pass show a b"],
    ["command:pass show *", "command:pass show a\tb"],
    ["command:pass show *", "command:pass show"],
    ["command:pass show *", "command:pass show mail/smtp"],
    ["command:pass show *", "command:pass show --clip"],
    ["command:pass show mail/*", "command:pass show mail/.."],
    ["command:pass show *", "command:./pass show mail"],
    ["command:/usr/bin/*", "command:/usr/bin/../../tmp/evil"],
  ])("%s does not allow %s", async (pattern, reference) => {
    expect(await isAllowed(pattern, reference)).toBe(false);
  });

  test.each(["*", "SMTP_*", "http://x", "env:", "command"])("%s is not a pattern", (pattern) => {
    expect(() => allowedReferences([pattern])).toThrow(/cannot use/);
  });

  test("a pattern with many stars is matched in linear time", async () => {
    const began = performance.now();
    expect(await isAllowed(`env:${"a*".repeat(2000)}b`, `env:${"a".repeat(60_000)}`)).toBe(false);
    expect(performance.now() - began).toBeLessThan(1000);
  });
});
