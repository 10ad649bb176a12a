import { defineLab } from "../../runner/harness/define-lab.js";
import { startDnsServer } from "../../runner/lab/dns-server.js";

const ZONES = [
  `
$ORIGIN example.
$TTL 300
@                 SOA  ns hostmaster 1 3600 600 86400 60
_smtp._tls.good   TXT  "v=TLSRPTv1; rua=mailto:tlsrpt@good.example"
_smtp._tls.case   TXT  "v=tlsrptv1; rua=mailto:tlsrpt@case.example"
_smtp._tls.empty  TXT  "v=TLSRPTv1;"
`,
];

const BENCHES = [
  { name: "good", summary: "Reports go to a mailbox.", domain: "good.example" },
  { name: "none", summary: "No reports are requested.", domain: "none.example" },
  { name: "case", summary: "A record that does not count, because of its case: an error.", domain: "case.example" },
  { name: "empty", summary: "A record without an address: an error.", domain: "empty.example" },
] as const;

export default defineLab({
  async start(nextPort) {
    const server = await startDnsServer({ zones: ZONES, port: nextPort() });
    const resolver = { servers: server.servers };
    return { servers: BENCHES.map(({ name, summary, domain }) => ({ name, summary, input: { domain, resolver } })), close: () => server.close() };
  },
});
