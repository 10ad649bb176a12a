import { defineLab } from "../../runner/harness/define-lab.js";
import { startDnsServer } from "../../runner/lab/dns-server.js";

const ZONES = [
  `
$ORIGIN example.
$TTL 300
@                SOA  ns hostmaster 1 3600 600 86400 60
_dmarc.good      TXT  "v=DMARC1; p=reject; rua=mailto:reports@good.example"
_dmarc.watching  TXT  "v=DMARC1; p=none; rua=mailto:reports@watching.example"
_dmarc.wrong     TXT  "v=dmarc1; p=reject"
_dmarc.outside   TXT  "v=DMARC1; p=reject; rua=mailto:reports@collector.example"
`,
];

const BENCHES = [
  { name: "good", summary: "A policy of reject with reports.", domain: "good.example" },
  { name: "below", summary: "A subdomain without a record of its own.", domain: "news.good.example" },
  { name: "watching", summary: "A policy that only watches.", domain: "watching.example" },
  { name: "wrong", summary: "A record that does not count, because of its case.", domain: "wrong.example" },
  { name: "outside", summary: "Reports to a host that does not say it takes them.", domain: "outside.example" },
  { name: "none", summary: "No policy at all.", domain: "none.example" },
] as const;

export default defineLab({
  async start(nextPort) {
    const server = await startDnsServer({ zones: ZONES, port: nextPort() });
    const resolver = { servers: server.servers };
    return { servers: BENCHES.map(({ name, summary, domain }) => ({ name, summary, input: { domain, resolver } })), close: () => server.close() };
  },
});
