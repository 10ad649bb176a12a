import { defineLab } from "../../runner/harness/define-lab.js";
import { startDnsServer } from "../../runner/lab/dns-server.js";

const ZONES = [
  `
$ORIGIN 2.0.192.in-addr.arpa.
$TTL 300
@  SOA  ns.example. hostmaster.example. 1 3600 600 86400 60
1  PTR  mx1.example.
2  PTR  elsewhere.example.
4  PTR  192-0-2-4.dialup.example.
`,
  `
$ORIGIN example.
$TTL 300
@                 SOA  ns hostmaster 1 3600 600 86400 60
@                 TXT  "v=spf1 ip4:192.0.2.1 -all"
mx1               A    192.0.2.1
elsewhere         A    198.51.100.9
192-0-2-4.dialup  A    192.0.2.4
`,
];

export default defineLab({
  async start(nextPort) {
    const server = await startDnsServer({ zones: ZONES, port: nextPort() });
    const resolver = { servers: server.servers };
    const input = (address: string): Record<string, unknown> => ({ addresses: [address], resolver });
    return {
      servers: [
        { name: "confirmed", summary: "A name that leads back.", input: { ...input("192.0.2.1"), helo_domain: "mx1.example" } },
        { name: "elsewhere", summary: "A name that leads elsewhere: an error.", input: input("192.0.2.2") },
        { name: "missing", summary: "No name at all: an error.", input: input("192.0.2.3") },
        { name: "generic", summary: "The name of a dial-up line: a warning.", input: input("192.0.2.4") },
      ],
      close: () => server.close(),
    };
  },
});
