import { defineLab } from "../../runner/harness/define-lab.js";
import { startDnsServer } from "../../runner/lab/dns-server.js";

/** Two lists that work, of addresses and of domains, one that is no longer operated, and one whose domain is for sale. */
const ZONES = [
  `
$ORIGIN bl.example.
$TTL 300
@                SOA ns.example. hostmaster.example. 1 3600 600 86400 60
2.0.0.127        A   127.0.0.2
2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 A 127.0.0.2
7.2.0.192        A   127.0.0.2
7.2.0.192        A   127.0.0.4
7.2.0.192        TXT "Sent mail to a trap: https://bl.example/192.0.2.7"
7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2 A 127.0.0.3
`,
  `
$ORIGIN dbl.example.
$TTL 300
@                SOA ns.example. hostmaster.example. 1 3600 600 86400 60
test             A   127.0.1.2
xn--bcher-kva.example A 127.0.1.4
xn--bcher-kva.example TXT "phishing"
`,
  `
$ORIGIN dead.example.
$TTL 300
@                SOA ns.example. hostmaster.example. 1 3600 600 86400 60
`,
];

const PARKED = "203.0.113.80";
const SERVER_FAILURE = 2;

const BENCHES: readonly { name: string; summary: string; input: Record<string, unknown> }[] = [
  { name: "clean", summary: "Addresses and a domain that are not listed.", input: { addresses: ["192.0.2.8", "2001:db8::8"], domains: ["example.org"] } },
  { name: "listed", summary: "An address of each family that is listed: an error.", input: { addresses: ["192.0.2.7", "2001:db8::7"] } },
  { name: "listed-domain", summary: "A listed domain with severity warning.", input: { domains: ["bücher.example"], severity: "warning" } },
  { name: "dead", summary: "A list that was shut down: unknown.", input: { addresses: ["192.0.2.7"], address_lists: ["dead.example"] } },
  {
    name: "parked",
    summary: "A list with a parked domain, which lists everything.",
    input: { addresses: ["192.0.2.7"], address_lists: ["parked.example"] },
  },
  { name: "refusing", summary: "A list that refuses this resolver.", input: { addresses: ["192.0.2.7"], address_lists: ["refusing.example"] } },
  { name: "broken", summary: "A list whose name servers fail.", input: { addresses: ["192.0.2.7"], address_lists: ["broken.example"] } },
];

export default defineLab({
  async start(nextPort) {
    const server = await startDnsServer({ zones: [...ZONES, wildcard("parked", PARKED), wildcard("refusing", "127.255.255.254")], port: nextPort(), behave });
    const usual = { address_lists: ["bl.example"], domain_lists: ["dbl.example"], resolver: { servers: server.servers } };
    const servers = BENCHES.map(({ name, summary, input }) => ({ name, summary, input: { ...usual, ...input } }));
    return { servers, close: () => server.close() };
  },
});

function behave({ name }: { name: string }): { rcode: number } | undefined {
  return name.endsWith(".broken.example") ? { rcode: SERVER_FAILURE } : undefined;
}

/** A list that gives one answer to all that this lab asks it. */
function wildcard(name: string, address: string): string {
  const asked = ["2.0.0.127", "1.0.0.127", "7.2.0.192"].map((label) => `${label} A ${address}`);
  return [`$ORIGIN ${name}.example.`, "@ SOA ns.example. hostmaster.example. 1 3600 600 86400 60", ...asked].join("\n");
}
