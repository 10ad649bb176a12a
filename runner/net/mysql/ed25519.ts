import { createHash } from "node:crypto";

// MariaDB signs with a key that is a password of any length. node:crypto takes seeds of 32 bytes only, so the curve of RFC 8032, section 5.1, is here.

const P = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
const BASE_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202n;
const BASE_Y = 46316835694926478169428394003475163141307993866256225615783033603165251855960n;

/** Extended homogeneous coordinates: x = X/Z, y = Y/Z, xy = T/Z. */
type Point = readonly [x: bigint, y: bigint, z: bigint, t: bigint];

const BASE: Point = [BASE_X, BASE_Y, 1n, mod(BASE_X * BASE_Y)];
const ZERO: Point = [0n, 1n, 1n, 0n];

/** The signature of a message by the key that the password stands for. */
export function signEd25519(password: Buffer, message: Buffer): Buffer {
  const hash = sha512(password);
  const secret = Buffer.from(hash.subarray(0, 32));
  secret[0] = (secret[0] as number) & 248;
  secret[31] = ((secret[31] as number) & 63) | 64;
  const scalar = number(secret);
  const nonce = number(sha512(hash.subarray(32), message)) % ORDER;
  const commitment = encoded(times(nonce, BASE));
  const challenge = number(sha512(commitment, encoded(times(scalar, BASE)), message)) % ORDER;
  return Buffer.concat([commitment, bytes((nonce + challenge * scalar) % ORDER)]);
}

function times(scalar: bigint, point: Point): Point {
  let [sum, power] = [ZERO, point];
  for (let left = scalar; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) sum = plus(sum, power);
    power = plus(power, power);
  }
  return sum;
}

/** RFC 8032, section 5.1.4; it holds for equal points, too. */
function plus([x1, y1, z1, t1]: Point, [x2, y2, z2, t2]: Point): Point {
  const a = mod((y1 - x1) * (y2 - x2));
  const b = mod((y1 + x1) * (y2 + x2));
  const c = mod(2n * t1 * t2 * D);
  const d = mod(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

function encoded([x, y, z]: Point): Buffer {
  const inverse = power(z, P - 2n);
  const result = bytes(mod(y * inverse));
  if ((mod(x * inverse) & 1n) === 1n) result[31] = (result[31] as number) | 128;
  return result;
}

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, base];
  for (let left = exponent; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}

function mod(value: bigint): bigint {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}

/** Little-endian. */
function number(value: Buffer): bigint {
  return BigInt(`0x${Buffer.from(value).reverse().toString("hex")}`);
}

function bytes(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, "0"), "hex").reverse();
}

function sha512(...parts: readonly Buffer[]): Buffer {
  return createHash("sha512").update(Buffer.concat(parts)).digest();
}
