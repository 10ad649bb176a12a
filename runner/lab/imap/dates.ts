const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY_MS = 86_400_000;

/** RFC 9051, 9, date-time: the day of the month has two places. */
export function dateTime(date: Date): string {
  const [, day, month, year, time] = /^\w+, (\d\d) (\w+) (\d+) (\S+)/.exec(date.toUTCString()) as RegExpExecArray;
  return `${day?.replace(/^0/, " ")}-${month}-${year} ${time} +0000`;
}

/** A date-time as a client gives it to APPEND; null when it is none. */
export function parseDateTime(text: string): Date | null {
  const [, day, month, year, time, zone] = /^([ \d]\d)-(\w{3})-(\d{4}) (\d\d:\d\d:\d\d) ([+-]\d{4})$/.exec(text) ?? [];
  if (day === undefined || month === undefined) return null;
  const date = new Date(`${day.trim()} ${month} ${year} ${time} ${zone}`);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** The day that a search names, as days since 1970; null when it names none. */
export function parseDay(text: string): number | null {
  const [, day, name, year] = /^(\d{1,2})-(\w{3})-(\d{4})$/.exec(text) ?? [];
  const month = MONTHS.findIndex((each) => each.toLowerCase() === name?.toLowerCase());
  return month === -1 ? null : Date.UTC(Number(year), month, Number(day)) / DAY_MS;
}

/** RFC 9051, 6.4.4: searches by day disregard the time and the zone. */
export function dayOf(date: Date): number {
  return Math.floor(date.getTime() / DAY_MS);
}
