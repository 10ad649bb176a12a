import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { domainReportProperties } from "../../schemas/domain-report.js";
import { DOCUMENT_PHASES } from "../../schemas/failure.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput } from "../../schemas/network.js";
import { list } from "../../schemas/shape.js";

/** What base64 makes of the most bytes that are read. */
const MAX_CHARACTERS = 32 * 1024 * 1024;

/** Not part of the type: the code reads whichever is given. */
const rules: object = {
  oneOf: [given("report"), given("report_base64")],
  examples: [
    {
      report:
        "<feedback><report_metadata><org_name>mx.example.net</org_name><report_id>1</report_id><date_range><begin>1763596800</begin><end>1763683199</end></date_range></report_metadata><policy_published><domain>example.org</domain><p>none</p></policy_published><record><row><source_ip>192.0.2.1</source_ip><count>3</count><policy_evaluated><disposition>none</disposition><dkim>pass</dkim><spf>pass</spf></policy_evaluated></row><identifiers><header_from>example.org</header_from></identifiers></record></feedback>",
    },
  ],
};

function given(name: string): object {
  return { properties: { [name]: {} }, required: [name] };
}

const input = contract({
  title: "mail.report 1.0.0 input",
  type: "object",
  ...rules,
  properties: {
    report: {
      type: "string",
      minLength: 1,
      maxLength: MAX_CHARACTERS,
      description: "The report as text: XML (aggregate report), JSON (TLS report), or the message that it was attached to.",
    },
    report_base64: {
      type: "string",
      minLength: 4,
      maxLength: MAX_CHARACTERS,
      pattern: "^[A-Za-z0-9+/=\\s]+$",
      description: "The report in base64 instead of `report`: also as gzip or zip, or a message with bytes that are not UTF-8.",
    },
    timeout_ms: networkInput.timeout_ms,
  },
  additionalProperties: false,
});

const output = contract({
  title: "mail.report 1.0.0 output",
  ...outputOf({ ...domainReportProperties, findings: list(findingSchema, "Judgements that explain why the status is not ok.") }, DOCUMENT_PHASES),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
