import type { Cron } from "croner";

/** Moments in the local time of a zone, which follow its changes to and from summer time. */
export interface CronTimes {
  /** The first one after this moment; null if there is none. */
  next(after: number): number | null;
}

/** Five fields, as the manual page crontab(5) has them: no seconds, no names of days in the wrong place. */
const FIVE_FIELDS = /^[\d*,/A-Za-z-]+(?: +[\d*,/A-Za-z-]+){4}$/;
const LOCAL_TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d$/;

/** Reads a cron expression. Throws an Error that says what is wrong with it. */
export async function readCron(written: string, zone: string | undefined): Promise<CronTimes> {
  if (!FIVE_FIELDS.test(written)) throw new Error("it is not a cron expression: minute, hour, day of the month, month, day of the week");
  return timesOf(written, zone);
}

/** One moment, such as 2026-12-01 22:00. */
export async function readLocalTime(written: string, zone: string | undefined): Promise<CronTimes> {
  if (!LOCAL_TIME.test(written)) throw new Error("it is not a local time such as 2026-12-01 22:00");
  // The next day that there is would be taken in its place.
  const day = written.slice(0, 10);
  if (Number.isNaN(Date.parse(day)) || new Date(day).toISOString().slice(0, 10) !== day) throw new Error(`there is no ${day}`);
  return timesOf(`${written.replace(" ", "T")}:00`, zone);
}

async function timesOf(written: string, zone: string | undefined): Promise<CronTimes> {
  const { Cron: Reader } = await import("croner");
  if (zone !== undefined && !isZone(zone)) throw new Error(`${JSON.stringify(zone)} is not the name of a time zone, such as Europe/Berlin`);
  let cron: Cron;
  try {
    cron = new Reader(written, { ...(zone === undefined ? {} : { timezone: zone }), ...(LOCAL_TIME.test(written.slice(0, 16)) ? {} : { mode: "5-part" }) });
  } catch (error) {
    throw new Error((error as Error).message.replace(/^Cron\w+: /, ""));
  }
  return { next: (after) => cron.nextRun(new Date(after))?.getTime() ?? null };
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
