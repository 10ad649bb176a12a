import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { realServer } from "../../support/real-servers.js";
import { startWatchProgram } from "./watch-program.js";
import { startReceiver, startSwitch } from "./watching.js";

const folder = mkdtempSync(join(tmpdir(), "probe-run-full-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A small disk that only the program sees: it ends with it. */
function onSmallDisk(path: string, size: string): string[] {
  return ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs -o "size=$1" tmpfs "$2" && shift 2 && exec "$@"', "sh", size, path];
}

realServer("a disk that is full", ["unshare"], () => {
  test("checks, alerts and the page go on; it is said once, and again when there is space; nothing is sent twice", { timeout: 180_000 }, async () => {
    const disk = join(folder, "disk");
    mkdirSync(disk);
    const site = await startSwitch();
    const receiver = await startReceiver();
    let fillers = 0;
    const checks = ["a", "b", "c"].map((name) => `  - { probe: webapp.http, name: ${name}, input: { url: "${site.origin}/${name}" } }`);
    const usual = `watch: { every: 1s, fire_after: 2, clear_after: 2, notify: [{ to: "${receiver.url}" }] }`;
    const writeSuite = (more: string): void => writeFileSync(join(folder, "checks.yaml"), `name: full\n${usual}\nchecks:\n${checks.join("\n")}\n${more}`);
    writeSuite("");
    const words = ["checks.yaml", "--history", join(disk, "history.db"), "--export", join(disk, "pages"), "--listen", "127.0.0.1:0"];
    const watch = await startWatchProgram(words, folder, onSmallDisk(disk, "2m"));
    const address = /serving (http:\/\/\S+)\/metrics/.exec(watch.err())?.[1] as string;
    const metric = async (name: string): Promise<number> => {
      const text = await (await fetch(`${address}/metrics`)).text();
      return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
    };
    const okResults = (): Promise<number> => metric('probe_run_watch_results_total\\{outcome="ok"\\}');
    const said = (words: string): number => watch.err().split(words).length - 1;
    expect(await metric("probe_run_watch_history_writable")).toBe(1);

    // Everything that is free is taken, and again when the history gives some back.
    const inside = join("/proc", String(watch.child.pid), "root", disk);
    const fill = (): void => {
      try {
        for (;;) writeFileSync(join(inside, `filler-${fillers++}`), Buffer.alloc(4096));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      }
    };
    await expect
      .poll(
        async () => {
          fill();
          return metric("probe_run_watch_history_writable");
        },
        { timeout: 60_000, interval: 500 },
      )
      .toBe(0);

    const before = await okResults();
    await expect.poll(okResults, { timeout: 30_000 }).toBeGreaterThan(before + 6);
    site.down.add("/b");
    await expect.poll(() => receiver.taken.map(({ data }) => `${data.kind} ${data.check}`), { timeout: 60_000 }).toEqual(["error webapp.http b"]);
    expect(await (await fetch(`${address}/?reload=no`)).text()).toContain("webapp.http b");
    expect(said("the history cannot be written")).toBe(1);
    expect(watch.err()).toMatch(/continues without it: database or disk is full/);

    // A check that is new cannot be stored: those before it go on, with the incident that the history does not know.
    writeSuite(`  - { probe: webapp.http, name: d, input: { url: "${site.origin}/d" } }\n`);
    await expect.poll(() => said("the file before it stays in use"), { timeout: 30_000 }).toBe(1);
    expect(watch.err()).toContain("the changed file cannot be watched\n  database or disk is full\n");
    const kept = await okResults();
    await expect.poll(okResults, { timeout: 30_000 }).toBeGreaterThan(kept + 4);
    writeSuite("");
    await expect.poll(() => said("of the changed file"), { timeout: 30_000 }).toBe(1);

    for (let index = 0; index < fillers; index++) rmSync(join(inside, `filler-${index}`), { force: true });
    await expect.poll(() => metric("probe_run_watch_history_writable"), { timeout: 60_000 }).toBe(1);
    expect(watch.err()).toMatch(/the history is written again; \d+ results since 20\S+Z were not stored/);
    site.down.clear();
    await expect.poll(() => receiver.taken.map(({ data }) => data.kind), { timeout: 60_000 }).toEqual(["error", "recovered"]);
    // The incident that opened without the history is in it, with its end.
    await expect
      .poll(async () => (await (await fetch(`${address}/api/v1/incidents`)).json()) as unknown, { timeout: 30_000 })
      .toMatchObject({ incidents: [{ check: "webapp.http b", closed_time: expect.any(String) }] });
    expect(said("the history cannot be written")).toBe(1);
    expect(new Set(receiver.attempts).size).toBe(2);
    expect(receiver.attempts).toHaveLength(2);
    await watch.kill("SIGTERM");
    expect(watch.child.exitCode).toBe(0);
    await Promise.all([site.close(), receiver.close()]);
  });
});
