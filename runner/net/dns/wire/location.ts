/** The text of a LOC record (RFC 1876, section 3); null for a version, a length or a size that is not known. */
export function locationText(bytes: Buffer): string | null {
  if (bytes.length !== 16 || bytes[0] !== 0) return null;
  const sizes = [...bytes.subarray(1, 4)].map(metres);
  if (sizes.includes(null)) return null;
  const centimetres = bytes.readUInt32BE(12) - 10_000_000;
  const altitude = `${centimetres < 0 ? "-" : ""}${Math.floor(Math.abs(centimetres) / 100)}.${twoDigits(Math.abs(centimetres) % 100)}m`;
  return [angle(bytes.readUInt32BE(4), "N", "S"), angle(bytes.readUInt32BE(8), "E", "W"), altitude, ...sizes].join(" ");
}

/** Thousandths of a second of arc, from the equator or the prime meridian at 2^31. */
function angle(value: number, positive: string, negative: string): string {
  const thousandths = Math.abs(value - 0x8000_0000);
  const [degrees, minutes] = [Math.floor(thousandths / 3_600_000), Math.floor(thousandths / 60_000) % 60];
  return `${degrees} ${minutes} ${((thousandths % 60_000) / 1000).toFixed(3)} ${value >= 0x8000_0000 ? positive : negative}`;
}

/** A digit and a power of ten, in centimetres. */
function metres(byte: number): string | null {
  const [digit, power] = [byte >> 4, byte & 0x0f];
  if (digit > 9 || power > 9) return null;
  return power < 2 ? `0.${twoDigits(digit * 10 ** power)}m` : `${digit * 10 ** (power - 2)}m`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
