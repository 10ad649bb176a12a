import { defineLab } from "../../runner/harness/define-lab.js";
import { startDnsServer } from "../../runner/lab/dns-server.js";
import { startHttpServer } from "../../runner/lab/http-server.js";
import { selfSigned } from "../../runner/lab/self-signed.js";

const LOGO =
  '<svg xmlns="http://www.w3.org/2000/svg" version="1.2" baseProfile="tiny-ps" viewBox="0 0 10 10"><title>Lab</title><rect width="10" height="10" fill="#036"/></svg>';
const SVG = { "content-type": "image/svg+xml" };

export default defineLab({
  async start(nextPort) {
    const certificate = selfSigned({ names: ["logos.example"] });
    const web = await startHttpServer(
      (path) => ({ headers: SVG, body: path === "/script.svg" ? LOGO.replace("<rect", "<script>alert(1)</script><rect") : LOGO }),
      { port: nextPort(), certificate },
    );
    const port = new URL(web.origin).port;
    const names = await startDnsServer({ zones: [zone(port)], port: nextPort() });
    const common = { resolver: { servers: names.servers }, ca: certificate.certificate, allow_private_addresses: true };
    return {
      servers: [
        { name: "good", summary: "A logo that mail clients may show.", input: { domain: "good.example", ...common } },
        { name: "script", summary: "A logo that holds a script: a notice.", input: { domain: "script.example", ...common } },
        { name: "watching", summary: "A DMARC policy of none: receivers show no logo.", input: { domain: "watching.example", ...common } },
        { name: "declined", summary: "A domain that says it has no logo.", input: { domain: "declined.example", ...common } },
      ],
      close: async () => {
        await web.close();
        await names.close();
      },
    };
  },
});

function zone(port: string): string {
  return `
$ORIGIN example.
$TTL 300
@                       SOA  ns hostmaster 1 3600 600 86400 60
logos                   A    127.0.0.1
_dmarc.good             TXT  "v=DMARC1; p=reject; rua=mailto:a@good.example"
default._bimi.good      TXT  "v=BIMI1; l=https://logos.example:${port}/logo.svg; a="
_dmarc.script           TXT  "v=DMARC1; p=reject; rua=mailto:a@script.example"
default._bimi.script    TXT  "v=BIMI1; l=https://logos.example:${port}/script.svg; a="
_dmarc.watching         TXT  "v=DMARC1; p=none; rua=mailto:a@watching.example"
default._bimi.watching  TXT  "v=BIMI1; l=https://logos.example:${port}/logo.svg; a="
default._bimi.declined  TXT  "v=BIMI1; l=; a="
`;
}
