import { BadTarget, type Module } from "../module.js";
import { families, familiesFor } from "./common.js";
import type { Section } from "./section.js";

/** The icmp prober as an input of network.ping: one echo request. */
export function icmpModule(section: Section): Omit<Module, "name" | "timeoutMs"> {
  const wanted = families(section);
  const [source, size, ttl] = [section.text("source_ip_address"), section.whole("payload_size"), section.whole("ttl")];
  const fixed = {
    count: 1,
    dont_fragment: section.flag("dont_fragment") === true,
    ...(size === null ? {} : { size }),
    ...(ttl === null ? {} : { ttl }),
    ...(source === null ? {} : { source_address: source }),
  };
  section.end();
  return {
    probe: "network.ping",
    inputs({ target, timeoutMs }) {
      const host = target.replace(/^\[(.*)\]$/, "$1");
      if (host === "") throw new BadTarget("the target is empty");
      const wait = { packet_timeout_ms: Math.min(60_000, Math.max(10, Math.ceil(timeoutMs))), connect_timeout_ms: Math.max(1, Math.ceil(timeoutMs)) };
      return familiesFor(host, wanted).map((address_family) => ({ target_host: host, ...fixed, ...wait, address_family }));
    },
    judge: () => [],
    ignores: [],
    hasRegex: false,
  };
}
