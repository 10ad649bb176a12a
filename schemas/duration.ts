/** A time with its unit: 30s, 1h30m. */
export const DURATION_PATTERN = "^(\\d{1,6}(ms|s|m|h|d))+$";

/** How the patterns of dates with times (RFC 3339) begin. */
export const DATE_TIME_BEGINNING = "^\\d{4}-\\d\\d-\\d\\dT";
