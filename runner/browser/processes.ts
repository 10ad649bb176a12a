import { readdirSync, readFileSync } from "node:fs";

const PAGE_BYTES = 4096;

/**
 * The processes of a browser, on Linux: those of its process group, and those that left it but still have its environment, such as its
 * crash handlers. Elsewhere empty.
 */
export function processesOf(group: number, home: string): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d{1,10}$/.test(name))
    .map(Number)
    .filter((pid) => groupOf(pid) === group || hasHome(pid, home));
}

/** What these processes have for themselves: memory that they share counts once, or not at all. */
export function memoryOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const [, resident = 0, shared = 0] = read(pid, "statm").split(" ").map(Number);
    return sum + Math.max(0, resident - shared) * PAGE_BYTES;
  }, 0);
}

/** Ends them at once, and what they have started. */
export function killAll(group: number, home: string): void {
  signal(-group);
  for (const pid of processesOf(group, home)) signal(pid);
}

function signal(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** The name of a program may contain spaces and brackets: fields are counted from its end. */
function groupOf(pid: number): number | null {
  const stat = read(pid, "stat");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // One that has ended and was not yet collected holds nothing.
  return fields[2] === undefined || fields[0] === "Z" ? null : Number(fields[2]);
}

function hasHome(pid: number, home: string): boolean {
  return read(pid, "environ").split("\0").includes(`HOME=${home}`);
}

/** Empty for a process that has ended, and for one of another user. */
function read(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "latin1");
  } catch {
    return "";
  }
}
