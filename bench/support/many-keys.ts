import { createPrivateKey, generatePrimeSync, type KeyObject } from "node:crypto";

/**
 * Different RSA keys of 2048 bits, in a hundredth of the time that it takes to generate them: each is a pair of a few primes. Keys that share a prime
 * are worth nothing but for a bench.
 */
export function manyKeys(count: number): KeyObject[] {
  const primes: bigint[] = [];
  const keys: KeyObject[] = [];
  while (keys.length < count) {
    const next = primeOf1024Bits();
    for (const prime of primes) if (keys.length < count) keys.push(keyOf(prime, next));
    primes.push(next);
  }
  return keys;
}

const EXPONENT = 65_537n;

/** The two highest bits are set, so that the product of two has 2048 bits; and a key can be made with it. */
function primeOf1024Bits(): bigint {
  for (;;) {
    const prime = generatePrimeSync(1024, { bigint: true });
    if (prime >> 1022n === 3n && prime % EXPONENT !== 1n) return prime;
  }
}

function keyOf(p: bigint, q: bigint): KeyObject {
  const d = inverse(EXPONENT, (p - 1n) * (q - 1n));
  const numbers = { n: p * q, e: EXPONENT, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
  const texts = Object.entries(numbers).map(([name, number]) => [name, bytesOf(number).toString("base64url")]);
  return createPrivateKey({ key: { kty: "RSA", ...Object.fromEntries(texts) }, format: "jwk" });
}

function bytesOf(number: bigint): Buffer {
  const hex = number.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
}

/** Euclid's algorithm: the number that, times `value`, leaves 1. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [low, high, factor, next] = [value % modulus, modulus, 1n, 0n];
  while (low > 1n) {
    const quotient = low / high;
    [low, high] = [high, low % high];
    [factor, next] = [next, factor - quotient * next];
  }
  return ((factor % modulus) + modulus) % modulus;
}
