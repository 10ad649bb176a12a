import { readdir, rm } from "node:fs/promises";
import type { Probe } from "../runner/harness/define-probe.js";
import { buildCommand } from "./build-command.js";
import { buildLibrary } from "./build-library.js";
import { buildProbes } from "./build-probes.js";
import { buildTypes } from "./build-types.js";
import { loadProbes } from "./load-probes.js";
import { inRepo } from "./repo.js";

// Makes dist/. `--js` leaves the types as they are: all that running needs, in a third of the time.
// Each half is finished even when the other fails: a mistake in a type leaves a command that runs.
const probes = await loadProbes();
const halves = await Promise.allSettled([emitCode(probes), process.argv.includes("--js") ? null : buildTypes(probes)]);
for (const half of halves.filter((each) => each.status === "rejected")) {
  console.error(half.reason instanceof Error ? half.reason.message : half.reason);
  process.exitCode = 1;
}

/**
 * dist/ holds the harness more than once: in the command, in the other commands, in the library, and each probe's file brings the
 * wire clients that it needs. A start-up then reads two files and little more than it runs. So no two copies may have to know
 * each other's classes: errors are recognised by a brand. The state of a module exists once per copy, which must be harmless.
 * It is: sockets, deadlines, clocks and TLS contexts belong to the one harness that runs the probe, a probe's file is loaded
 * once, and a cache that is there twice is filled twice.
 */
async function emitCode(probes: readonly Probe[]): Promise<void> {
  const names = probes.map(({ name }) => name);
  const written = await Promise.all([buildCommand(names), buildLibrary(names), buildProbes(probes)]);
  await removeStale(written.flat());
}

/** After the new files are there: who runs probe-run just now must not find an empty folder. */
async function removeStale(fresh: readonly string[]): Promise<void> {
  const present = (await readdir(inRepo("dist"), { recursive: true })).map((name) => `dist/${name}`);
  const stale = present.filter((path) => /\.c?js$/.test(path) && !fresh.includes(path));
  await Promise.all(stale.map((path) => rm(inRepo(path), { force: true })));
}
