import { defineLab } from "../../runner/harness/define-lab.js";
import { startDnsServer } from "../../runner/lab/dns-server.js";

const ZONES = [
  `
$ORIGIN example.
$TTL 300
@         SOA  ns hostmaster 1 3600 600 86400 60
unsigned  MX   10 mx
mx        A    192.0.2.1
`,
];

const SERVER_FAILURE = 2;

/** The lab's name server signs nothing: signed zones need nsd and unbound, as in the tests. */
export default defineLab({
  async start(nextPort) {
    const behave = ({ name }: { name: string }) => (name.endsWith("broken.example") ? { rcode: SERVER_FAILURE } : undefined);
    const server = await startDnsServer({ zones: ZONES, port: nextPort(), behave });
    const resolver = { servers: server.servers };
    return {
      servers: [
        { name: "unsigned", summary: "A domain without DNSSEC.", input: { domain: "unsigned.example", resolver } },
        { name: "broken", summary: "A name server that fails, also with validation switched off.", input: { domain: "broken.example", resolver } },
      ],
      close: () => server.close(),
    };
  },
});
