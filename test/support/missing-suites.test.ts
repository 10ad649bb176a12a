import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { missingTable, readMissing } from "./missing-suites.js";

test("suites that did not run are listed in one table, from all workers", () => {
  const folder = mkdtempSync(join(tmpdir(), "probe-run-notes-"));
  writeFileSync(
    join(folder, "1.json"),
    JSON.stringify([{ suite: "postfix with SASL", reason: "postfix is not installed", remedy: "apt-get install postfix" }]),
  );
  writeFileSync(
    join(folder, "2.json"),
    JSON.stringify(new Array(2).fill({ suite: "dovecot", reason: "dovecot starts as root only", remedy: "run the tests as root, as in a container" })),
  );
  const table = missingTable(readMissing(folder));
  rmSync(folder, { recursive: true });
  expect(table.split("\n")).toEqual([
    "",
    "  suite              did not run because          what to do",
    "  dovecot            dovecot starts as root only  run the tests as root, as in a container",
    "  postfix with SASL  postfix is not installed     apt-get install postfix",
    "  (PROBE_RUN_REQUIRE_SERVERS=1 makes these fail.)",
    "",
  ]);
});

test("nothing is printed if everything ran", () => {
  expect(missingTable([])).toBe("");
});
