import { createHash, X509Certificate } from "node:crypto";
import { defineLab } from "../../runner/harness/define-lab.js";
import { startDnsServer } from "../../runner/lab/dns-server.js";
import { selfSigned } from "../../runner/lab/self-signed.js";
import { startSmtpServer } from "../../runner/lab/smtp-server.js";

/** The lab's name server signs nothing, so every record is insecure: signed zones need nsd and unbound, as in the tests. */
export default defineLab({
  async start(nextPort) {
    const certificate = selfSigned({ names: ["mx.good.example"] });
    const key = new X509Certificate(certificate.certificate).publicKey.export({ type: "spki", format: "der" });
    const mail = await startSmtpServer({ port: nextPort(), name: "mx.good.example", tls: "starttls", certificate });
    const names = await startDnsServer({ zones: [zone(mail.port, createHash("sha256").update(key).digest("hex"))], port: nextPort() });
    const common = { resolver: { servers: names.servers }, mx_port: mail.port, allow_private_addresses: true };
    return {
      servers: [
        { name: "insecure", summary: "A record that has no effect, because the zone is not signed.", input: { domain: "good.example", ...common } },
        { name: "absent", summary: "A mail host without TLSA records.", input: { domain: "plain.example", ...common } },
      ],
      close: async () => {
        await mail.close();
        await names.close();
      },
    };
  },
});

function zone(port: number, digest: string): string {
  return `
$ORIGIN example.
$TTL 300
@                     SOA   ns hostmaster 1 3600 600 86400 60
good                  MX    10 mx.good
mx.good               A     127.0.0.1
_${port}._tcp.mx.good TLSA  3 1 1 ${digest}
plain                 MX    10 mx.plain
mx.plain              A     127.0.0.1
`;
}
