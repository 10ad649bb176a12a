import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const CLI = new URL("../../../bin/probe-run.cjs", import.meta.url).pathname;
const execute = promisify(execFile);

/** JSON leaves C1 controls unescaped, and 0x9b begins an escape sequence on some terminals. */
const HOSTILE = "seen\u009b31m\u202e";

test("hostile text in JSON has no effect on a terminal, and is unchanged in a pipe", async () => {
  const folder = mkdtempSync(join(tmpdir(), "probe-run-terminal-"));
  const env = { ...process.env, PROBE_RUN_DELIVERY: join(folder, "ledger.db") };
  const list = [CLI, "suppress", "list", "--json"];
  try {
    await execute("node", [CLI, "suppress", "init"], { env });
    await execute("node", [CLI, "suppress", "add", "ann@example.org", "--reason", "manual", "--detail", HOSTILE], { env });
    const piped = JSON.parse((await execute("node", list, { env })).stdout) as { detail: string }[];
    // script(1) gives the command a terminal.
    const { stdout: shown } = await execute("script", ["-qec", `node ${list.join(" ")}`, "/dev/null"], { env });
    expect(piped[0]?.detail).toContain("seen");
    expect(shown).toContain("seen");
    expect(shown).not.toMatch(/[\u009b\u202e]/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
