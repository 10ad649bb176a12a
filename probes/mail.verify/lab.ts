import { defineLab } from "../../runner/harness/define-lab.js";
import { startDnsServer } from "../../runner/lab/dns-server.js";
import { givenKeys } from "../../runner/mail/dkim/given-keys.js";
import { keyRecord } from "../../runner/mail/dkim/key-record.js";
import { makeKey } from "../../runner/mail/dkim/make-key.js";
import { createSigner } from "../../runner/mail/dkim/signer.js";

const MESSAGE = [
  "From: Ann <ann@signed.example>",
  "To: Bob <bob@example.net>",
  "Subject: Is dinner ready?",
  "Date: Fri, 20 Nov 2026 10:00:00 +0000",
  "Message-ID: <1@signed.example>",
  "",
  "We lost the game. Are you hungry yet?",
  "",
].join("\r\n");

const ENVELOPE = { ip: "192.0.2.1", mail_from: "ann@signed.example", helo_domain: "mx.signed.example" };

export default defineLab({
  async start(nextPort) {
    const privateKey = await makeKey("ed25519", 0);
    const pem = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
    const signer = createSigner({ keys: givenKeys([{ domain: "signed.example", selector: "lab", privateKey: pem }]) });
    const { header } = await signer.sign(Buffer.from(MESSAGE));
    const signed = `${header.toString("latin1")}${MESSAGE}`;
    const server = await startDnsServer({ zones: [SUFFIX, zone(keyRecord(privateKey))], port: nextPort() });
    const resolver = { servers: server.servers };
    const input = (message: string, envelope: object = ENVELOPE): Record<string, unknown> => ({ message, ...envelope, resolver });
    return {
      servers: [
        { name: "signed", summary: "A signed message from an address that SPF allows.", input: input(signed) },
        {
          name: "changed",
          summary: "The body was changed on the way, and another host sent it: DMARC fails.",
          input: input(signed.replace("lost", "won"), { ...ENVELOPE, ip: "198.51.100.9" }),
        },
        {
          name: "forwarded",
          summary: "A forwarder has no place in SPF, and the signature still holds.",
          input: input(signed, { ...ENVELOPE, ip: "198.51.100.9" }),
        },
        { name: "unsigned", summary: "A message without a signature, of which no address is known.", input: input(MESSAGE, {}) },
      ],
      close: () => server.close(),
    };
  },
});

/** The tree walk goes up to the last label (RFC 9989, 4.10). */
const SUFFIX = `
$ORIGIN example.
@                SOA  ns hostmaster 1 3600 600 86400 60
`;

function zone(key: string): string {
  return `
$ORIGIN signed.example.
$TTL 300
@                SOA  ns hostmaster 1 3600 600 86400 60
@                TXT  "v=spf1 ip4:192.0.2.0/28 -all"
@                A    192.0.2.1
_dmarc           TXT  "v=DMARC1; p=reject"
lab._domainkey   TXT  "${key}"
`;
}
