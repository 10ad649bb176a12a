import type { Carried } from "../../../schemas/carried.js";
import { parseHost } from "../../../schemas/host.js";

interface Tried {
  readonly attempts?: readonly { readonly ip_address?: unknown }[];
  readonly hops?: readonly Tried[];
  readonly answers?: readonly { readonly server?: unknown }[];
}

/** The address that a run reached, or else the first one that it tried; null if it never had one. */
export function addressOf(carried: Carried): string | null {
  const { attempts, hops, answers } = carried as unknown as Tried;
  const server = String(answers?.[0]?.server ?? "");
  const withoutPort = /^\[([^\]]*)\]/.exec(server)?.[1] ?? server.split(":")[0];
  const candidates = [carried.ip_address, attempts?.[0]?.ip_address, hops?.at(-1)?.attempts?.[0]?.ip_address, server, withoutPort];
  return candidates.filter((each) => typeof each === "string").find((each) => parseHost(each)?.kind === "address") ?? null;
}
