import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { lookForChange } from "../../../runner/cli/watch/look-for-change.js";

const folder = mkdtempSync(join(tmpdir(), "probe-run-look-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a change right after the call is noticed, and so is a file that is replaced, removed and made", async () => {
  const file = join(folder, "checks.yaml");
  writeFileSync(file, "one");
  let seen = "nothing";
  const stop = lookForChange(file, 20, () => {
    seen = existsSync(file) ? readFileSync(file, "utf8") : "gone";
  });
  // Before any thread had time to look.
  writeFileSync(file, "two!");
  await expect.poll(() => seen).toBe("two!");
  writeFileSync(join(folder, "new"), "tre!");
  renameSync(join(folder, "new"), file);
  await expect.poll(() => seen).toBe("tre!");
  rmSync(file);
  await expect.poll(() => seen).toBe("gone");
  writeFileSync(file, "four");
  await expect.poll(() => seen).toBe("four");
  stop();
  writeFileSync(file, "and five");
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(seen).toBe("four");
});
