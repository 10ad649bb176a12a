import { readFileSync } from "node:fs";

/** Linux counts in hundredths of a second for everybody (proc(5), USER_HZ). */
const TICK_MICROSECONDS = 10_000;
/** proc(5): utime and stime are fields 14 and 15; counted here from behind the program's name, which may hold anything. */
const USER_TIME = 11;
const SYSTEM_TIME = 12;
const CHILDREN_USER_TIME = 13;
const CHILDREN_SYSTEM_TIME = 14;

/** How much processor time another process has used, in microseconds. Null where the system does not tell. */
export function processorTime(pid: number): number | null {
  return timeIn(pid, USER_TIME, SYSTEM_TIME);
}

/** The same of its main thread alone, which runs its JavaScript. */
export function mainThreadTime(pid: number): number | null {
  return timeIn(`${pid}/task/${pid}`, USER_TIME, SYSTEM_TIME);
}

/** The same of the processes that it started and that have ended. */
export function childrenTime(pid: number): number | null {
  return timeIn(pid, CHILDREN_USER_TIME, CHILDREN_SYSTEM_TIME);
}

function timeIn(place: number | string, user: number, system: number): number | null {
  if (process.platform !== "linux") return null;
  const text = readFileSync(`/proc/${place}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[user]) + Number(fields[system])) * TICK_MICROSECONDS;
}
