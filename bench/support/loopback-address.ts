/** An address of the loopback for each number up to 65,000: none is asked twice. */
export function loopbackAddress(number: number): string {
  return `127.1.${Math.floor(number / 250)}.${(number % 250) + 1}`;
}
