/**
 * The time in a date field of a header (RFC 5322, section 3.3, and what older programs write), in milliseconds since 1970; null
 * when it is none. Names of zones beyond those of the standard say nothing, and mean +0000 (section 4.3).
 */
export function parseDate(written: string): number | null {
  const [, day = "", month = "", year = "", hour = "", minute = "", second = "0", zone = ""] = DATE.exec(written) ?? asctimeParts(written) ?? [];
  const monthIndex = MONTHS.indexOf(month.toLowerCase());
  const offset = offsetOf(zone);
  if (monthIndex === -1 || offset === null) return null;
  const moment = Date.UTC(fullYear(year), monthIndex, Number(day), Number(hour), Number(minute), Math.min(Number(second), 59));
  const isReal = new Date(moment).getUTCDate() === Number(day) && Number(hour) < 24 && Number(minute) < 60 && Number(second) <= 60;
  return isReal ? moment - offset * 60_000 : null;
}

/** With or without its weekday; with hyphens, as IMAP writes it (RFC 9051, section 9). */
const DATE =
  /^\s*(?:[A-Za-z]{3,9}\.?,?\s+)?(\d{1,2})[\s-]+([A-Za-z]{3})[a-z]*[\s-]+(\d{2,4})[\s,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?\s*([+-]\d{4}|[A-Za-z]{1,5})?/;

/** Fri Nov 20 02:41:46 2026 +0100, as C writes it. */
const ASCTIME = /^\s*[A-Za-z]{3}\s+([A-Za-z]{3})\s+(\d{1,2})\s+(\d{2}):(\d{2}):(\d{2})\s+(?:([A-Za-z]{1,5})\s+)?(\d{4})(?:\s+([+-]\d{4}))?/;

function asctimeParts(written: string): (string | undefined)[] | null {
  const found = ASCTIME.exec(written);
  if (found === null) return null;
  const [all, month, day, hour, minute, second, name, year, zone] = found;
  return [all, day, month, year, hour, minute, second, zone ?? name];
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** Minutes east of Greenwich. */
const ZONES: Readonly<Record<string, number>> = { EDT: -240, EST: -300, CDT: -300, CST: -360, MDT: -360, MST: -420, PDT: -420, PST: -480, CET: 60, CEST: 120 };

function offsetOf(zone: string): number | null {
  const [, sign, hours, minutes] = /^([+-])(\d{2})(\d{2})$/.exec(zone) ?? [];
  if (sign === undefined) return ZONES[zone.toUpperCase()] ?? 0;
  if (Number(minutes) > 59) return null;
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

/** Section 4.3: two digits are a year from 1950 to 2049, three one since 1900. */
function fullYear(year: string): number {
  const number = Number(year);
  if (year.length === 4) return number;
  return year.length === 2 && number < 50 ? 2000 + number : 1900 + number;
}
