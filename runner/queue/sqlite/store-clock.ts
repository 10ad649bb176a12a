import { readFileSync } from "node:fs";
import type { Driver } from "../../sqlite/driver.js";

/** The clocks of this machine: a test hands in its own. */
export interface MachineClock {
  /** Since the machine started, the same for all its processes; nobody can set it. */
  monotonicMs(): number;
  wallMs(): number;
  /** Differs from one start of the machine to the next, where the system can tell. */
  bootId(): string;
}

export const machineClock: MachineClock = {
  monotonicMs: () => Number(process.hrtime.bigint() / 1000n) / 1000,
  wallMs: () => Date.now(),
  bootId,
};

/** Linux only. Elsewhere a restart is seen by the monotonic clock having gone back. */
function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "unknown";
  }
}

interface Row {
  boot: string;
  base: number;
  seen: number;
}

/**
 * The time that leases and delays are measured by: one for all processes, though none of them keeps it. It is the monotonic clock
 * of the machine plus a constant from the file, so a wall clock that jumps moves nothing. Only after a restart of the machine, when
 * no lease has an owner left, the wall clock says how long it was off; and the time never goes back.
 */
export class StoreClock {
  #base: number;

  /** Inside a transaction. */
  constructor(
    driver: Driver,
    readonly machine: MachineClock,
  ) {
    const monotonic = machine.monotonicMs();
    const boot = machine.bootId();
    const row = driver.prepare("SELECT boot, base, seen FROM clock").all()[0] as Row | undefined;
    this.#base = baseOf(row, boot, monotonic, machine.wallMs());
    driver.exec("DELETE FROM clock");
    driver.prepare("INSERT INTO clock (boot, base, seen) VALUES (?, ?, ?)").run(boot, this.#base, monotonic);
  }

  /** Milliseconds. */
  now(): number {
    return this.#base + this.machine.monotonicMs();
  }
}

function baseOf(row: Row | undefined, boot: string, monotonic: number, wall: number): number {
  if (row === undefined) return wall - monotonic;
  if (row.boot === boot && monotonic >= row.seen) return row.base;
  return Math.max(wall, row.base + row.seen) - monotonic;
}
