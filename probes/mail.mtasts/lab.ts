import { defineLab, type LabServer } from "../../runner/harness/define-lab.js";
import { startDnsServer } from "../../runner/lab/dns-server.js";
import { type Page, startHttpServer } from "../../runner/lab/http-server.js";
import { selfSigned } from "../../runner/lab/self-signed.js";

const POLICY = ["version: STSv1", "mode: enforce", "mx: mx.example", "max_age: 1209600", ""].join("\n");

interface Bench {
  readonly name: string;
  readonly summary: string;
  readonly policy: Page;
}

const PLAIN = { "content-type": "text/plain" };

const BENCHES: readonly Bench[] = [
  { name: "good", summary: "A policy in force that allows the mail host.", policy: { headers: PLAIN, body: POLICY } },
  { name: "testing", summary: "A policy in testing mode.", policy: { headers: PLAIN, body: POLICY.replace("enforce", "testing") } },
  {
    name: "moved",
    summary: "The mail host is not in the policy: mail is lost.",
    policy: { headers: PLAIN, body: POLICY.replace("mx.example", "old.example") },
  },
  { name: "missing", summary: "The record announces a policy, and there is none.", policy: { status: 404, body: "Not found.\n" } },
  { name: "html", summary: "The policy has the wrong media type.", policy: { headers: { "content-type": "text/html" }, body: POLICY } },
  { name: "redirect", summary: "The policy redirects, which senders do not follow.", policy: { status: 301, headers: { location: "/elsewhere" } } },
];

/** One name server and one policy host with a certificate for every domain of the lab. */
export default defineLab({
  async start(nextPort) {
    const certificate = selfSigned({ names: BENCHES.map(({ name }) => `mta-sts.${name}.example`) });
    const policies = await startHttpServer((_path, { headers }) => policyOf(headers.host ?? ""), { port: nextPort(), certificate });
    const names = await startDnsServer({ zones: [zone()], port: nextPort() });
    const port = Number(new URL(policies.origin).port);
    const common = { resolver: { servers: names.servers }, policy_port: port, ca: certificate.certificate, allow_private_addresses: true };
    const servers: LabServer[] = BENCHES.map(({ name, summary }) => ({ name, summary, input: { domain: `${name}.example`, ...common } }));
    return {
      servers,
      close: async () => {
        await policies.close();
        await names.close();
      },
    };
  },
});

function policyOf(host: string): Page {
  return BENCHES.find(({ name }) => host.startsWith(`mta-sts.${name}.example`))?.policy ?? { status: 404 };
}

function zone(): string {
  const records = BENCHES.map(({ name }) => [`${name} MX 10 mx`, `_mta-sts.${name} TXT "v=STSv1; id=1"`, `mta-sts.${name} A 127.0.0.1`].join("\n"));
  return ["$ORIGIN example.", "$TTL 300", "@ SOA ns hostmaster 1 3600 600 86400 60", "mx A 192.0.2.1", ...records].join("\n");
}
