import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { startWatching } from "./watching.js";

const SUITE = "name: local\nwatch: { every: 1h }\nchecks: [{ probe: network.smtp@2, input: { target_host: 127.0.0.1, target_port: 1 } }]\n";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A folder in which .probe-run is a file, so that nothing can be written below it. */
function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "probe-run-history-"));
  folders.push(path);
  writeFileSync(join(path, ".probe-run"), "");
  writeFileSync(join(path, "checks.yaml"), SUITE);
  return path;
}

test("without --history, a watch whose folder cannot be written goes on in memory and says so once", async () => {
  const cwd = folder();
  const watch = await startWatching(join(cwd, "checks.yaml"), cwd);
  const view = (await (await fetch(`${watch.address}/api/v1/checks`)).json()) as { checks: unknown[] };
  expect(view.checks).toHaveLength(1);
  expect(await watch.stop()).toBe(0);
  expect(watch.err().match(/the history is in memory and ends with the watch, because .*history\.db cannot be used: .*/g)).toHaveLength(1);
});

test("a named history that cannot be used is an error", async () => {
  const cwd = folder();
  await expect(startWatching(join(cwd, "checks.yaml"), cwd, ["--history", ".probe-run/own.db"])).rejects.toThrow("the history cannot be used");
});
