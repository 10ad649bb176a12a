import type { Output } from "../../probes/network.traceroute/schema.js";
import { startScriptedNetwork } from "../../test/support/scripted-network.js";
import { scriptedPath } from "../../test/support/scripted-path.js";
import type { Comparison } from "./comparison.js";
import { outputOf } from "./program-output.js";

const TARGET = "192.0.2.9";
const ROUTERS = ["198.51.100.1", null, "198.51.100.3", "10.91.7.1"] as const;

interface MtrReport {
  readonly report: { readonly hubs: readonly { readonly host: string; readonly "Loss%": number }[] };
}

export const traceroute: Comparison = {
  probe: "network.traceroute",
  programs: ["socat", "ip", "unshare", "nsenter", "traceroute", "mtr"],
  async compare(ask) {
    const network = await startScriptedNetwork();
    const path = process.env.PATH;
    process.env.PATH = `${network.programs}:${path}`;
    try {
      network.play(scriptedPath(ROUTERS));
      const output = await ask<Output>("network.traceroute", { target_host: TARGET, packet_timeout_ms: 1000 });
      const printed = await outputOf(...network.commandOf("traceroute", ["-n", "-w", "1", TARGET]));
      const { stdout } = await outputOf(...network.commandOf("mtr", ["-n", "-j", "-c", "3", "-i", "0.5", TARGET]));
      const { hubs } = (JSON.parse(stdout) as MtrReport).report;
      const last = output.hops.at(-1);
      const hops = hopsOf(output.hops.map(({ addresses: [address] }) => address ?? null));
      return [
        {
          ...{ subject: "the hops of a path with a silent router", peer: "traceroute", ours: hops },
          theirs: hopsOf([...printed.stdout.matchAll(/^ ?\d+ {2}(\S+)/gm)].map(([, address]) => (address === "*" ? null : (address as string)))),
        },
        {
          ...{ subject: "the hops of a path with a silent router", peer: "mtr", ours: { ...hops, "loss at the target": last?.loss_percent } },
          theirs: { ...hopsOf(hubs.map(({ host }) => (host === "???" ? null : host))), "loss at the target": hubs.at(-1)?.["Loss%"] },
        },
      ];
    } finally {
      process.env.PATH = path;
      await network.stop();
    }
  },
};

function hopsOf(addresses: readonly (string | null)[]): Record<string, string | number | null> {
  const hops = addresses.map((address, index): [string, string | null] => [`hop ${index + 1}`, address]);
  return { ...Object.fromEntries(hops), "number of hops": addresses.length };
}
