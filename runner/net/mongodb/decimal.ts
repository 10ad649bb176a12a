const EXPONENT_BIAS = 6176;
/** A coefficient of more digits is not canonical, and stands for 0. */
const MAX_COEFFICIENT = 10n ** 34n - 1n;
/** With more zeros before or after it, a number is written with an exponent. */
const MAX_ZEROS = 6;

/** A decimal of 128 bits (IEEE 754-2008, with a binary coefficient) as text. */
export function decimalText(bytes: Buffer): string {
  const bits = (bytes.readBigUInt64LE(8) << 64n) | bytes.readBigUInt64LE(0);
  const sign = bits >> 127n === 1n ? "-" : "";
  const combination = (bits >> 122n) & 31n;
  if (combination === 30n) return `${sign}Infinity`;
  if (combination === 31n) return "NaN";
  // With these bits the coefficient would be beyond its limit.
  const isLarge = combination >> 3n === 3n;
  const exponent = Number((bits >> (isLarge ? 111n : 113n)) & 0x3fffn) - EXPONENT_BIAS;
  const coefficient = isLarge ? 0n : bits & ((1n << 113n) - 1n);
  return sign + written((coefficient > MAX_COEFFICIENT ? 0n : coefficient).toString(), exponent);
}

function written(digits: string, exponent: number): string {
  const point = digits.length + exponent;
  if (exponent > 0 || point < -MAX_ZEROS) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    return `${digits[0]}${fraction}E${point - 1 >= 0 ? "+" : ""}${point - 1}`;
  }
  if (exponent === 0) return digits;
  return point > 0 ? `${digits.slice(0, point)}.${digits.slice(point)}` : `0.${"0".repeat(-point)}${digits}`;
}
