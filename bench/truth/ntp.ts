import type { Output } from "../../probes/network.ntp/schema.js";
import { type Chrony, startChrony } from "../../test/support/chrony.js";
import { startChronyClient } from "../../test/support/chrony-client.js";
import { programPath } from "../../test/support/programs.js";
import type { Ask, Beside, Comparison } from "./comparison.js";
import { outputOf } from "./program-output.js";

/** ntpdig has no option for another port. */
const ADDRESS = "127.19.23.1";
const PORT = 123;
/** The server's clock is this machine's. */
const MOST_OFFSET_MS = 1;

export const ntp: Comparison = {
  probe: "network.ntp",
  programs: ["chronyd", "chronyc", "ntpdig"],
  async compare(ask) {
    const server = await startChrony({ address: ADDRESS, port: PORT });
    try {
      return [await besideNtpdig(ask), await besideChronyc(ask, server), await besideNts(ask, server)];
    } finally {
      await server.stop();
    }
  },
};

/** The reply with the shortest delay counts. */
const TARGET = { target_host: ADDRESS, target_port: PORT, samples: 4, interval_ms: 1000 };

async function besideNtpdig(ask: Ask): Promise<Beside> {
  const output = await ask<Output>("network.ntp", TARGET);
  const { stdout } = await outputOf(programPath("ntpdig") as string, ["-j", "-p", "4", ADDRESS]);
  const { ip, stratum, leap, offset } = JSON.parse(stdout) as { ip: string; stratum: number; leap: string; offset: number };
  return {
    ...{ subject: "chronyd", peer: "ntpdig" },
    ours: { address: output.ip_address, stratum: output.stratum, leap: output.leap },
    theirs: { address: ip, stratum, leap: leap === "no-leap" ? "none" : leap },
    differences: [{ subject: "the offset", ms: Math.abs((output.offset_ms as number) - offset * 1000), mostMs: MOST_OFFSET_MS }],
  };
}

async function besideChronyc(ask: Ask, { certificate }: Chrony): Promise<Beside> {
  const client = await startChronyClient(ADDRESS, `port ${PORT}`, certificate);
  try {
    const output = await ask<Output>("network.ntp", TARGET);
    const fields = await client.report("ntpdata");
    const [address, , port, , , leap, version, , stratum, , , , precision, rootDelay, rootDispersion, referenceId = ""] = fields;
    const offset = Number(fields[18]);
    const { ip_address, target_port, precision_ms, root_delay_ms, root_dispersion_ms, reference_id } = output;
    return {
      ...{ subject: "chronyd", peer: "chronyc ntpdata" },
      ours: { address: ip_address, port: target_port, ...{ leap: output.leap, version: output.version, stratum: output.stratum, reference_id } },
      theirs: {
        ...{ address, port: Number(port), leap: leap === "Normal" ? "none" : leap, version: Number(version), stratum: Number(stratum) },
        reference_id: Buffer.from(referenceId, "hex").join("."),
      },
      differences: [
        { subject: "the offset", ms: Math.abs((output.offset_ms as number) - offset * 1000), mostMs: MOST_OFFSET_MS },
        { subject: "the precision", ms: Math.abs((precision_ms as number) - Number(precision) * 1000), mostMs: 0.001 },
        { subject: "the root delay", ms: Math.abs((root_delay_ms as number) - Number(rootDelay) * 1000), mostMs: 0.001 },
        { subject: "the root dispersion", ms: Math.abs((root_dispersion_ms as number) - Number(rootDispersion) * 1000), mostMs: 0.1 },
      ],
    };
  } finally {
    await client.stop();
  }
}

async function besideNts(ask: Ask, { certificate, ntsPort }: Chrony): Promise<Beside> {
  const client = await startChronyClient(ADDRESS, `port ${PORT} nts ntsport ${ntsPort}`, certificate);
  try {
    const { nts, ip_address } = await ask<Output>("network.ntp", { ...TARGET, nts: { port: ntsPort, ca: certificate } });
    const [address, mode, , , , , , , cookies] = await client.report("authdata");
    return {
      ...{ subject: "authenticated time of chronyd", peer: "chronyc authdata" },
      ours: { address: ip_address, authenticated: nts?.authenticated, cookies: nts?.cookies },
      theirs: { address, authenticated: mode === "NTS", cookies: Number(cookies) },
    };
  } finally {
    await client.stop();
  }
}
