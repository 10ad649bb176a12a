import type { Module } from "../module.js";
import { families, familiesFor, hostAndPort, pattern, tlsInput, waits } from "./common.js";
import type { Section } from "./section.js";

type Step = Readonly<Record<string, unknown>>;

/** The tcp prober as an input of network.tcp. */
export function tcpModule(section: Section): Omit<Module, "name" | "timeoutMs"> {
  const wanted = families(section);
  const source = section.text("source_ip_address");
  const mode = section.flag("tls") === true ? "implicit" : "none";
  const tls = tlsInput(section.section("tls_config"));
  const steps = section.sections("query_response").flatMap(stepsOf);
  section.end();
  return {
    probe: "network.tcp",
    inputs({ target, hostname, timeoutMs }) {
      const { host, port } = hostAndPort(target, null);
      const servername = tls.servername ?? hostname;
      const common = {
        target_host: host,
        target_port: port,
        tls: { ...tls, mode, ...(servername === null ? {} : { servername }) },
        steps,
        ...(source === null ? {} : { source_address: source }),
        ...waits(timeoutMs),
      };
      return familiesFor(host, wanted).map((address_family) => ({ ...common, address_family }));
    },
    judge: () => [],
    ignores: [],
    hasRegex: true,
  };
}

/** One entry waits first, then sends, then begins TLS. What is sent ends with a line feed that the entry does not write. */
function stepsOf(section: Section): Step[] {
  const [expect, bytes, send] = [section.text("expect"), section.text("expect_bytes"), section.text("send")];
  const wait = expect === null || expect === "" ? [] : pattern(section, "expect", expect).map((matches) => ({ matches }));
  const labels = section.sections("labels");
  if (labels.length > 0) section.wrong("labels", "labels is not supported");
  const steps: Step[] = [
    ...(bytes === null || bytes === "" ? [] : [{ expect: bytes }]),
    ...wait,
    ...(send === null || send === "" ? [] : [{ send: `${template(send)}\n` }]),
    ...(section.flag("starttls") === true ? [{ start_tls: true }] : []),
  ];
  section.end();
  return steps;
}

/** What an earlier step captured is `$1`, `$name` or `${name}` in Go, and `$$` is a dollar sign. */
function template(text: string): string {
  return text.replace(/\$(?:\$|(\w+))/g, (whole, name: string | undefined) => (name === undefined ? whole.slice(1) : `\${${name}}`));
}
