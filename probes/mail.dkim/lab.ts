import { defineLab } from "../../runner/harness/define-lab.js";
import { startDnsServer } from "../../runner/lab/dns-server.js";
import { RSA_PUBLIC_KEYS } from "../../runner/lab/rsa-public-keys.js";

export default defineLab({
  async start(nextPort) {
    const server = await startDnsServer({ zones: [zone()], port: nextPort() });
    const resolver = { servers: server.servers };
    const input = (domain: string, selector: string): Record<string, unknown> => ({ domain, selectors: [selector], guess: false, resolver });
    return {
      servers: [
        { name: "good", summary: "An RSA key of 2048 bits.", input: input("good.example", "s1") },
        { name: "guessed", summary: "The key is found at a usual selector.", input: { domain: "good.example", resolver } },
        { name: "short", summary: "An RSA key of 1024 bits: a warning.", input: input("short.example", "s1") },
        { name: "test", summary: "A key that is marked as a test: a warning.", input: input("test.example", "s1") },
        { name: "revoked", summary: "A key that was revoked.", input: input("revoked.example", "s1") },
        { name: "dangling", summary: "An alias of a name without a record: an error.", input: input("dangling.example", "s1") },
        { name: "missing", summary: "A selector without a record: an error.", input: input("good.example", "s9") },
      ],
      close: () => server.close(),
    };
  },
});

function zone(): string {
  const record = (bits: 1024 | 2048, extra = ""): string => strings(`v=DKIM1; k=rsa;${extra} p=${RSA_PUBLIC_KEYS[bits]}`);
  return `
$ORIGIN example.
$TTL 300
@                        SOA    ns hostmaster 1 3600 600 86400 60
s1._domainkey.good       TXT    ${record(2048)}
s1._domainkey.short      TXT    ${record(1024)}
s1._domainkey.test       TXT    ${record(2048, " t=y;")}
s1._domainkey.revoked    TXT    "v=DKIM1; p="
s1._domainkey.dangling   CNAME  gone.mailer
`;
}

/** A string of a TXT record has at most 255 bytes. */
function strings(text: string): string {
  return (text.match(/.{1,200}/g) ?? []).map((part) => JSON.stringify(part)).join(" ");
}
