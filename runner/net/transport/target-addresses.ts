import { isIP } from "node:net";
import { parseTarget } from "../../../schemas/host.js";
import type { NetworkInput } from "../../../schemas/network.js";
import { failureError } from "../../run/failure-error.js";
import type { WireRun } from "../../run/run-state.js";
import type { Address } from "./address.js";
import { notRefused, permittedAddresses } from "./permitted.js";
import { resolveHost } from "./resolve.js";

export interface NamedTarget extends Pick<NetworkInput, "address_family" | "source_address" | "resolver" | "connect_timeout_ms"> {
  readonly host: string;
  /** Why an address must not be sent to, or null. */
  readonly refuse?: (address: string) => string | null;
}

/** The addresses of a target that is not dialled by TCP: those that the run may send to, in the order in which to try them. */
export async function targetAddresses(run: WireRun, target: NamedTarget): Promise<readonly Address[]> {
  const host = parseTarget(target.host);
  if (host === null) throw failureError("resolve", "not_permitted", `${JSON.stringify(target.host)} is not a host name or an IP address`);
  // An address that the input's own name servers gave is judged as an address, not by its name.
  const name = host.kind === "name" && target.resolver === undefined ? host.host : null;
  const permitted = notRefused(target.refuse, permittedAddresses(run, await resolveHost(run, host, target, target.connect_timeout_ms), name));
  const { source_address: source } = target;
  const usable = source === undefined ? permitted : permitted.filter(({ family }) => family === isIP(source));
  if (usable.length === 0) throw failureError("connect", "unsupported", `the source address ${source} is of another family than the target`);
  return usable;
}
