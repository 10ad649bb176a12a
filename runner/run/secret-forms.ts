/** Shorter texts, encoded, also occur in what is no secret: two letters are three of base64. */
const LEAST_ENCODED_CHARACTERS = 4;

/** How a server may send a secret back in another form: in hex, percent or JSON. */
export function encodedForms(value: string): string[] {
  if (value.length < LEAST_ENCODED_CHARACTERS) return [];
  const bytes = Buffer.from(value, "utf8");
  const hex = bytes.toString("hex");
  // From the bytes: a lone surrogate has no percent form.
  const percent = encodeURIComponent(bytes.toString("utf8"));
  const forms = [hex, hex.toUpperCase(), JSON.stringify(value).slice(1, -1), percent, percent.toLowerCase(), percent.replaceAll("%20", "+")];
  return forms.filter((form) => form !== value && form.length >= LEAST_ENCODED_CHARACTERS);
}

/** The same in base64: whole, or with any text before and after it. */
export function base64Forms(value: string): string[] {
  if (value.length < LEAST_ENCODED_CHARACTERS) return [];
  const bytes = Buffer.from(value, "utf8");
  const forms = [bytes.toString("base64"), ...[0, 1, 2].map((before) => base64Inside(bytes, before))];
  return forms.filter((form) => form !== value && form.length >= LEAST_ENCODED_CHARACTERS);
}

/** The characters of base64 that depend on these bytes alone when `before` bytes (modulo 3) precede them, whatever surrounds them. */
function base64Inside(bytes: Buffer, before: number): string {
  const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
  const bits = 8 * (before + bytes.length);
  return encoded.slice(Math.ceil((8 * before) / 6), Math.floor(bits / 6));
}

/** The shortest part of a base64 form that counts as a part of it: 48 bits do not match by chance. */
export const PART_CHARACTERS = 8;

/** Every part of this length of a base64 form. */
export function partsOf(form: string): string[] {
  return Array.from({ length: Math.max(0, form.length - PART_CHARACTERS + 1) }, (_, at) => form.slice(at, at + PART_CHARACTERS));
}

/** Base64 that a server cut anywhere: every stretch made of parts of a form is replaced. In linear time. */
export function maskParts(text: string, parts: ReadonlySet<string>, mask: string): string {
  if (parts.size === 0) return text;
  let masked = "";
  let shown = 0;
  for (let at = 0; at + PART_CHARACTERS <= text.length; at++) {
    if (!parts.has(text.slice(at, at + PART_CHARACTERS))) continue;
    let end = at + PART_CHARACTERS;
    while (parts.has(text.slice(end - PART_CHARACTERS + 1, end + 1))) end++;
    masked += text.slice(shown, at) + mask;
    shown = text[end] === "=" ? end + 1 + Number(text[end + 1] === "=") : end;
    at = shown - 1;
  }
  return masked + text.slice(shown);
}

/** A timestamp in UTC, as in outputs. */
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;

export function isTimestamp(text: string): boolean {
  return text.length <= 30 && TIMESTAMP.test(text);
}

const DIGITS = /^\d+$/;

export function isDigits(value: string): boolean {
  return DIGITS.test(value);
}

const DATE = /\d{4}-\d\d-\d\d|\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4}/g;

/** Removes a secret of digits only from a text, except from dates and longer numbers: they would be damaged and reveal nothing. */
export function maskDigits(text: string, digits: string, mask: string): string {
  const dates = [...text.matchAll(DATE)].map(({ index, 0: date }) => ({ begin: index, end: index + date.length }));
  let masked = "";
  let shown = 0;
  let date = 0;
  for (let at = text.indexOf(digits); at !== -1; at = text.indexOf(digits, at + 1)) {
    const end = at + digits.length;
    while (date < dates.length && (dates[date]?.end as number) < end) date++;
    const isInDate = (dates[date]?.begin ?? Number.POSITIVE_INFINITY) <= at;
    if (at < shown || isInDate || isDigits(text.charAt(at - 1)) || isDigits(text.charAt(end))) continue;
    masked += text.slice(shown, at) + mask;
    shown = end;
  }
  return masked + text.slice(shown);
}
