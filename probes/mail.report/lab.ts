import { gzipSync } from "node:zlib";
import { defineLab } from "../../runner/harness/define-lab.js";

const AGGREGATE = `<?xml version="1.0" encoding="UTF-8"?>
<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0">
  <version>1.0</version>
  <report_metadata>
    <org_name>receiver.example</org_name>
    <email>dmarc@receiver.example</email>
    <report_id>20261120.signed.example</report_id>
    <date_range><begin>1795132800</begin><end>1795219199</end></date_range>
  </report_metadata>
  <policy_published>
    <domain>signed.example</domain><discovery_method>treewalk</discovery_method>
    <p>quarantine</p><sp>quarantine</sp><np>reject</np><testing>n</testing>
  </policy_published>
  <record>
    <row>
      <source_ip>192.0.2.1</source_ip><count>120</count>
      <policy_evaluated><disposition>pass</disposition><dkim>pass</dkim><spf>pass</spf></policy_evaluated>
    </row>
    <identifiers><header_from>signed.example</header_from><envelope_from>signed.example</envelope_from></identifiers>
    <auth_results>
      <dkim><domain>signed.example</domain><selector>lab</selector><result>pass</result></dkim>
      <spf><domain>signed.example</domain><scope>mfrom</scope><result>pass</result></spf>
    </auth_results>
  </record>
  <record>
    <row>
      <source_ip>198.51.100.9</source_ip><count>7</count>
      <policy_evaluated>
        <disposition>none</disposition><dkim>fail</dkim><spf>fail</spf>
        <reason><type>mailing_list</type><comment>list.example</comment></reason>
      </policy_evaluated>
    </row>
    <identifiers><header_from>signed.example</header_from><envelope_from>list.example</envelope_from></identifiers>
    <auth_results>
      <dkim><domain>signed.example</domain><selector>lab</selector><result>fail</result></dkim>
      <spf><domain>list.example</domain><scope>mfrom</scope><result>pass</result></spf>
    </auth_results>
  </record>
</feedback>
`;

const TLS = {
  "organization-name": "Sender",
  "date-range": { "start-datetime": "2026-11-20T00:00:00Z", "end-datetime": "2026-11-20T23:59:59Z" },
  "contact-info": "tls@sender.example",
  "report-id": "2026-11-20T00:00:00Z_signed.example",
  policies: [
    {
      policy: { "policy-type": "sts", "policy-domain": "signed.example", "mx-host": ["*.signed.example"] },
      summary: { "total-successful-session-count": 5326, "total-failure-session-count": 3 },
      "failure-details": [
        { "result-type": "certificate-expired", "sending-mta-ip": "192.0.2.55", "receiving-mx-hostname": "mx1.signed.example", "failed-session-count": 3 },
      ],
    },
  ],
};

const MESSAGE = [
  "From: dmarc@receiver.example",
  "To: reports@signed.example",
  "Subject: Report Domain: signed.example Submitter: receiver.example Report-ID: <20261120.signed.example>",
  "MIME-Version: 1.0",
  "Content-Type: application/gzip; name=receiver.example!signed.example!1795132800!1795219199.xml.gz",
  "Content-Transfer-Encoding: base64",
  "",
  gzipSync(AGGREGATE).toString("base64").replace(/.{76}/g, "$&\r\n"),
  "",
].join("\r\n");

const SAMPLES = [
  { name: "aggregate", summary: "An aggregate report: a mailing list fails.", input: { report: AGGREGATE } },
  { name: "tls", summary: "A TLS report: an expired certificate.", input: { report: JSON.stringify(TLS) } },
  { name: "message", summary: "The aggregate report, gzipped, in a message.", input: { report: MESSAGE } },
  {
    name: "bomb",
    summary: "A gzip file that expands to 33 MB is not unpacked.",
    get input() {
      return { report_base64: gzipSync(Buffer.alloc(33 * 1024 * 1024), { level: 1 }).toString("base64") };
    },
  },
];

export default defineLab({
  async start() {
    return { servers: SAMPLES.map(({ name, summary, input }) => ({ name, summary, input })), close: async () => {} };
  },
});
