import { randomBytes } from "node:crypto";
import { failureError } from "../../run/failure-error.js";
import { MESSAGE } from "./transport.js";
import { string, uint32, WireReader } from "./wire.js";

/** RFC 4253, section 7.1: what each side can do, the preferred first. */
export interface Algorithms {
  readonly key_exchange: string[];
  readonly host_key: string[];
  readonly encryption_to_server: string[];
  readonly encryption_to_client: string[];
  readonly mac_to_server: string[];
  readonly mac_to_client: string[];
  readonly compression_to_server: string[];
  readonly compression_to_client: string[];
}

const COOKIE_BYTES = 16;
const MAX_NAMES = 256;

export function encodeKexInit({ key_exchange, host_key, ...others }: Algorithms): Buffer {
  const lists = [key_exchange, host_key, ...Object.values(others), [], []];
  return Buffer.concat([
    Buffer.from([MESSAGE.kexInit]),
    randomBytes(COOKIE_BYTES),
    ...lists.map((names) => string(names.join(","))),
    Buffer.from([0]),
    uint32(0),
  ]);
}

export function readKexInit(payload: Buffer): Algorithms {
  const reader = new WireReader(payload);
  if (reader.byte() !== MESSAGE.kexInit) throw failureError("key_exchange", "protocol_violation", `message ${payload[0]} instead of KEXINIT`);
  reader.skip(COOKIE_BYTES);
  const list = (): string[] => {
    const names = reader.nameList();
    if (names.length > MAX_NAMES) throw failureError("key_exchange", "limit_exceeded", `a list of ${names.length} algorithms`);
    return names;
  };
  return {
    key_exchange: list(),
    host_key: list(),
    encryption_to_server: list(),
    encryption_to_client: list(),
    mac_to_server: list(),
    mac_to_client: list(),
    compression_to_server: list(),
    compression_to_client: list(),
  };
}

/** The client's order decides. */
export function chosen(ours: readonly string[], theirs: readonly string[]): string | null {
  return ours.find((name) => theirs.includes(name)) ?? null;
}
