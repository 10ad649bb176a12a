import { RequestError } from "../support/request-error.js";

const LOCATION = /^[a-z0-9][a-z0-9-]{0,31}$/;
/** Watches add the job of a slot within seconds of each other: ids of finished jobs need not be kept for a day. */
export const LOCATION_OPTIONS = { retentionMs: 600_000 } as const;
const DEFAULT_PREFIX = "probe-run";

/** The queue of one place: its jobs are for the workers of this place, so each place has keys of its own. */
export function atLocation(url: string, location: string): string {
  if (!LOCATION.test(location))
    throw wrong(`${JSON.stringify(location)} is not the name of a location`, "write lower-case letters, digits and dashes, such as fra");
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^rediss?:$/.test(parsed.protocol)) throw wrong("locations need a queue on Redis", "give --queue redis://HOST");
  parsed.searchParams.set("prefix", `${parsed.searchParams.get("prefix") ?? DEFAULT_PREFIX}.${location}`);
  return parsed.href;
}

function wrong(message: string, hint: string): RequestError {
  return new RequestError("the location cannot be used", "usage", [{ pointer: "", message, hint }]);
}
