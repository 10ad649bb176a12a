import { defineLab } from "../../runner/harness/define-lab.js";
import { startDnsServer } from "../../runner/lab/dns-server.js";

/** Addresses for documentation only (RFC 5737, RFC 3849): the lab allows them, for nothing is dialled. */
const ZONES = [
  `
$ORIGIN example.
$TTL 300
@            SOA  ns.example. hostmaster.example. 1 3600 600 86400 60
@            NS   ns
ns           A    192.0.2.53
two-hosts    MX   10 mx1
two-hosts    MX   10 mx2
two-hosts    MX   20 backup
mx1          A    192.0.2.1
mx1          AAAA 2001:db8::1
mx2          A    192.0.2.2
backup       A    198.51.100.9
null-mx      MX   0 .
implicit     A    192.0.2.80
loopback     MX   10 inside
inside       A    127.0.0.1
alias        MX   10 www
www          CNAME mx1
xn--bcher-kva MX  10 mx1
`,
];

const BENCHES: readonly { name: string; summary: string; domain: string; input?: Record<string, unknown> }[] = [
  { name: "two-hosts", summary: "Two mail hosts of the same preference, and a backup.", domain: "two-hosts.example" },
  { name: "null-mx", summary: "A domain that accepts no mail (null MX).", domain: "null-mx.example" },
  { name: "implicit", summary: "No MX records, but an address record.", domain: "implicit.example" },
  { name: "idn", summary: "An internationalised domain name.", domain: "bücher.example" },
  { name: "alias", summary: "A mail host that is an alias: a warning.", domain: "alias.example" },
  {
    name: "loopback",
    summary: "A mail host with a private address: an error.",
    domain: "loopback.example",
    input: { allow_private_addresses: false },
  },
  { name: "missing", summary: "A domain that does not exist: an error.", domain: "missing.example" },
  { name: "broken", summary: "The name server fails: a temporary error.", domain: "broken.example" },
];

const SERVER_FAILURE = 2;

export default defineLab({
  async start(nextPort) {
    const behave = ({ name }: { name: string }) => (name === "broken.example" ? { rcode: SERVER_FAILURE } : undefined);
    const server = await startDnsServer({ zones: ZONES, port: nextPort(), behave });
    const resolver = { servers: server.servers };
    const servers = BENCHES.map(({ name, summary, domain, input }) => ({
      name,
      summary,
      input: { domain, resolver, allow_private_addresses: true, ...input },
    }));
    return { servers, close: () => server.close() };
  },
});
