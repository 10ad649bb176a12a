const NUMBER = /^-?\d{1,400}(?:\.\d{0,400})?(?:[eE][+-]?\d{1,4})?$/;
/** Any decimal number of this many digits differs from its neighbours in a double. */
const EXACT_DIGITS = 15;

/** A number that JSON holds exactly; else its text, as of a decimal of twenty digits. */
export function numberValue(text: string): number | string {
  if (!NUMBER.test(text)) return text;
  const value = Number(text);
  if (!Number.isFinite(value)) return text;
  const [digits = ""] = text.replace("-", "").replace(".", "").split(/e/i);
  // 9007199254740993.0 becomes a whole number, but another one.
  const isWhole = /^-?\d+$/.test(text) && Number.isSafeInteger(value);
  return isWhole || significant(digits) <= EXACT_DIGITS ? value : text;
}

/** A float of the server: the shortest text of a double gives the same double. */
export function floatValue(text: string): number | string {
  const value = Number(text);
  return NUMBER.test(text) && Number.isFinite(value) ? value : text;
}

function significant(digits: string): number {
  let begin = 0;
  let end = digits.length;
  while (begin < end && digits[begin] === "0") begin++;
  while (end > begin && digits[end - 1] === "0") end--;
  return end - begin;
}
