import { readFileSync } from "node:fs";
import type { Driver } from "../../sqlite/driver.js";

/** The clocks of this machine; tests pass their own. */
export interface MachineClock {
  /** Since the start of the machine, the same for all processes; it cannot be set. */
  monotonicMs(): number;
  wallMs(): number;
  /** Differs between starts of the machine, if the system provides it. */
  bootId(): string;
}

export const machineClock: MachineClock = {
  monotonicMs: () => Number(process.hrtime.bigint() / 1000n) / 1000,
  wallMs: () => Date.now(),
  bootId,
};

/** Linux only. Elsewhere, a restart is detected by a monotonic clock that went back. */
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
 * The time that leases and delays are measured by, common to all processes. It is the machine's monotonic clock plus a constant from the file, so
 * changes of the wall clock have no effect. Only after a restart of the machine, when no lease has a holder, the wall clock says how long it was off;
 * the time never goes back.
 */
export class StoreClock {
  #base: number;

  /** Runs inside a transaction. */
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

  /** In milliseconds. */
  now(): number {
    return this.#base + this.machine.monotonicMs();
  }
}

function baseOf(row: Row | undefined, boot: string, monotonic: number, wall: number): number {
  if (row === undefined) return wall - monotonic;
  if (row.boot === boot && monotonic >= row.seen) return row.base;
  return Math.max(wall, row.base + row.seen) - monotonic;
}
