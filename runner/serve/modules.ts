import { builtInNames, loadProbe } from "../harness/registry.js";
import { SuiteDocument } from "../suite/document.js";
import { dnsModule } from "./blackbox/dns-module.js";
import { httpModule } from "./blackbox/http-module.js";
import { icmpModule } from "./blackbox/icmp-module.js";
import { Section } from "./blackbox/section.js";
import { tcpModule } from "./blackbox/tcp-module.js";
import type { Module } from "./module.js";
import { probeModule, sendsMail } from "./probe-module.js";

/** The probers of blackbox_exporter that we have a probe for. */
export const PROBERS = { http: httpModule, tcp: tcpModule, dns: dnsModule, icmp: icmpModule } as const;

/** What is served without a configuration: the modules that every example uses, and each probe under its own name with its defaults. */
export async function defaultModules(): Promise<Map<string, Module>> {
  const modules = new Map<string, Module>();
  const empty = await SuiteDocument.parse("defaults", "");
  for (const [name, prober] of [
    ["http_2xx", "http"],
    ["tcp_connect", "tcp"],
    ["icmp", "icmp"],
  ] as const)
    modules.set(name, { name, timeoutMs: null, ...PROBERS[prober](new Section(empty, name, [], {}, [])) });
  for (const name of builtInNames().filter((each) => !sendsMail(each, {}))) {
    const parts = probeModule(name, await loadProbe(name), {});
    if (parts !== null) modules.set(name, { name, timeoutMs: null, ...parts });
  }
  return modules;
}
