import { afterAll } from "vitest";
import type { RunningLab } from "../../../runner/harness/define-lab.js";
import { labOf } from "../../../runner/harness/registry.js";
import { suiteTests } from "../../../runner/vitest/index.js";

/** The probes of the two suites, and the first server of each one's lab. */
const PROBES = [
  ...["network.ping", "network.ntp", "network.snmp", "network.mqtt", "network.ftp", "network.nntp", "network.sieve", "network.lmtp"],
  ...["security.ssh", "security.ldap"],
  ...["data.redis", "data.postgresql", "data.mysql", "data.mongodb", "data.cassandra", "data.mssql", "data.oracle"],
];

const labs: RunningLab[] = [];
for (const probe of PROBES) {
  const lab = await (await labOf(probe))?.start(() => 0);
  if (lab === undefined) throw new Error(`${probe} has no lab`);
  labs.push(lab);
  const [server] = lab.servers;
  const { target_port } = (server?.input ?? {}) as { target_port: number };
  process.env[`${probe.split(".")[1]?.toUpperCase()}_PORT`] = String(target_port);
}
process.env.LAB_PASSWORD = "lab-password";
afterAll(async () => {
  for (const lab of labs) await lab.close();
});

// Every check of a suite is a test of its own.
for (const suite of ["network", "databases"]) await suiteTests(new URL(`../../../fixtures/suites/${suite}.yaml`, import.meta.url).pathname);
