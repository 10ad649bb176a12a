import { defineLab } from "../../runner/harness/define-lab.js";
import { startDnsServer } from "../../runner/lab/dns-server.js";

const ZONES = [
  `
$ORIGIN example.
$TTL 300
@          SOA  ns hostmaster 1 3600 600 86400 60
good       TXT  "v=spf1 mx include:_spf.good.example -all"
good       MX   10 mx.good.example.
mx.good    A    192.0.2.1
_spf.good  TXT  "v=spf1 ip4:198.51.100.0/24 ip6:2001:db8::/32 ~all"
open       TXT  "v=spf1 +all"
loop       TXT  "v=spf1 include:loop.example -all"
broken     TXT  "v=spf1 ip4:192.0.2.1/33 -all"
double     TXT  "v=spf1 -all"
double     TXT  "v=spf1 ~all"
`,
];

export default defineLab({
  async start(nextPort) {
    const server = await startDnsServer({ zones: ZONES, port: nextPort() });
    const resolver = { servers: server.servers };
    const sender = (domain: string, ip: string): Record<string, unknown> => ({ ip, mail_from: `ann@${domain}`, helo_domain: `mx.${domain}`, resolver });
    return {
      servers: [
        { name: "pass", summary: "An address of an included network.", input: sender("good.example", "198.51.100.9") },
        { name: "fail", summary: "An address that the domain does not name.", input: sender("good.example", "203.0.113.9") },
        { name: "open", summary: "A domain that allows everybody.", input: { domain: "open.example", resolver } },
        { name: "loop", summary: "A record that includes itself.", input: sender("loop.example", "192.0.2.1") },
        { name: "broken", summary: "A syntax error, with its column.", input: { domain: "broken.example", resolver } },
        { name: "double", summary: "Two records: none of them counts.", input: { domain: "double.example", resolver } },
      ],
      close: () => server.close(),
    };
  },
});
