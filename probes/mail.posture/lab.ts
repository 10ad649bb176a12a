import { defineLab, type LabServer } from "../../runner/harness/define-lab.js";
import { startDnsServer } from "../../runner/lab/dns-server.js";
import { startHttpServer } from "../../runner/lab/http-server.js";
import { RSA_PUBLIC_KEYS } from "../../runner/lab/rsa-public-keys.js";
import { selfSigned } from "../../runner/lab/self-signed.js";
import { startSmtpServer } from "../../runner/lab/smtp-server.js";

const POLICY = ["version: STSv1", "mode: enforce", "mx: mx.good.example", "max_age: 1209600", ""].join("\n");
const SERVER_FAILURE = 2;

/** A mail host with TLS and one without, a policy host, and the zones of four domains. */
export default defineLab({
  async start(nextPort) {
    const certificate = selfSigned({ names: ["mx.good.example", "mta-sts.good.example"] });
    const secure = await startSmtpServer({ port: nextPort(), name: "mx.good.example", tls: "starttls", certificate });
    const plain = await startSmtpServer({ port: nextPort(), name: "mx.open.example", tls: "none" });
    const policies = await startHttpServer(() => ({ headers: { "content-type": "text/plain" }, body: POLICY }), { port: nextPort(), certificate });
    const names = await startDnsServer({
      zones: [zone(), REVERSE],
      port: nextPort(),
      behave: ({ name }) => (name.endsWith("silent.example") ? { rcode: SERVER_FAILURE } : undefined),
    });
    const common = {
      resolver: { servers: names.servers },
      policy_port: Number(new URL(policies.origin).port),
      ca: certificate.certificate,
      allow_private_addresses: true,
      address_lists: [],
      guess_selectors: false,
      mx_port: secure.port,
    };
    const servers: LabServer[] = [
      {
        name: "good",
        summary: "SPF, DKIM, DMARC, MTA-STS and names that lead back: three times protected.",
        input: { domain: "good.example", selectors: ["s1"], sending_addresses: ["127.0.0.1"], ...common },
      },
      {
        name: "open",
        summary: "DMARC only watches, and the mail host offers no TLS.",
        input: { domain: "open.example", sending_addresses: ["127.0.0.1"], ...common, mx_port: plain.port },
      },
      { name: "parked", summary: "A domain without mail, which says so.", input: { domain: "parked.example", ...common } },
      { name: "silent", summary: "Name servers that fail: nothing is known, neither good nor bad.", input: { domain: "silent.example", ...common } },
    ];
    return {
      servers,
      close: async () => {
        await Promise.all([secure.close(), plain.close(), policies.close(), names.close()]);
      },
    };
  },
});

const REVERSE = `
$ORIGIN 0.0.127.in-addr.arpa.
$TTL 300
@  SOA  ns.good.example. hostmaster.good.example. 1 3600 600 86400 60
1  PTR  mx.good.example.
`;

function zone(): string {
  const key = RSA_PUBLIC_KEYS[2048];
  return `
$ORIGIN example.
$TTL 300
@                   SOA  ns hostmaster 1 3600 600 86400 60
good                MX   10 mx.good
good                TXT  "v=spf1 ip4:127.0.0.1 -all"
mx.good             A    127.0.0.1
s1._domainkey.good  TXT  "v=DKIM1; k=rsa; " "p=${key.slice(0, 200)}" "${key.slice(200)}"
_dmarc.good         TXT  "v=DMARC1; p=reject; np=reject; rua=mailto:dmarc@good.example"
_mta-sts.good       TXT  "v=STSv1; id=1"
mta-sts.good        A    127.0.0.1
_smtp._tls.good     TXT  "v=TLSRPTv1; rua=mailto:tls@good.example"
open                MX   10 mx.open
open                TXT  "v=spf1 ip4:127.0.0.1 ~all"
mx.open             A    127.0.0.1
_dmarc.open         TXT  "v=DMARC1; p=none; rua=mailto:dmarc@open.example"
parked              MX   0 .
parked              TXT  "v=spf1 -all"
_dmarc.parked       TXT  "v=DMARC1; p=reject; sp=reject; rua=mailto:dmarc@good.example"
parked.example._report._dmarc.good TXT "v=DMARC1"
`;
}
