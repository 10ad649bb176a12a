import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseHeader } from "../../../runner/mail/header.js";
import { HEADER_LIMITS } from "../../../runner/mail/limits.js";
import { spamFactsOf } from "../../../runner/mail/spam.js";
import { SPAM_FIELDS } from "../../../runner/mail/spam-table.js";
import type { SpamFact } from "../../../schemas/spam.js";

const CASES: readonly [field: string, body: string, fact: Partial<SpamFact>][] = [
  [
    "X-Spam-Status",
    "Yes, score=12.3 required=5.0 tests=BAYES_99,HTML_MESSAGE, URIBL_BLACK autolearn=no autolearn_force=no version=4.0.0",
    { verdict: "spam", score: 12.3, threshold: 5, tests: ["BAYES_99", "HTML_MESSAGE", "URIBL_BLACK"] },
  ],
  ["X-Spam-Status", "No, hits=-1.9 required=5.0 tests=none", { verdict: "ham", score: -1.9, threshold: 5 }],
  ["X-Spam-Status", "No", { verdict: "ham" }],
  ["X-Spam-Flag", "YES", { verdict: "spam" }],
  ["X-Spam-Flag", "NO", { verdict: "ham" }],
  ["X-Spam-Score", "5.2 (+++++)", { score: 5.2 }],
  ["X-Spam-Score", "none", {}],
  ["X-Spam-Level", "*****", { score: 5 }],
  ["X-Spam-Level", "", { score: 0 }],
  ["X-Spam", "Yes", { verdict: "spam" }],
  [
    "X-Spamd-Result",
    "default: False [1.10 / 15.00];\tBAYES_HAM(-3.00)[99.99%];\tR_SPF_ALLOW(-0.20)[+ip4:192.0.2.0/24];\tMIME_GOOD(-0.10)[text/plain]",
    { verdict: "ham", score: 1.1, threshold: 15, tests: ["BAYES_HAM", "R_SPF_ALLOW", "MIME_GOOD"] },
  ],
  ["X-Spamd-Result", "default: True [17.20 / 15.00]; GTUBE(0.00)[]", { verdict: "spam", score: 17.2, threshold: 15, tests: ["GTUBE"] }],
  ["X-Spamd-Bar", "++++", { score: 4 }],
  ["X-Spamd-Bar", "---", { score: -3 }],
  ["X-Spamd-Bar", "/", { score: 0 }],
  ["X-Rspamd-Score", "-2.6", { score: -2.6 }],
  ["X-Rspamd-Action", "add header", { verdict: "spam" }],
  ["X-Rspamd-Action", "no action", { verdict: "ham" }],
  ["X-MS-Exchange-Organization-SCL", "-1", { verdict: "ham", score: -1, threshold: 5 }],
  ["X-MS-Exchange-Organization-SCL", "6", { verdict: "spam", score: 6, threshold: 5 }],
  [
    "X-Forefront-Antispam-Report",
    "CIP:192.0.2.1;CTRY:DE;LANG:en;SCL:1;SRV:;IPV:NLI;SFV:NSPM;H:out.example.com;PTR:;CAT:NONE;SFS:(1);DIR:INB;",
    { verdict: "ham", score: 1, threshold: 5 },
  ],
  ["X-Forefront-Antispam-Report", "CIP:192.0.2.1;SCL:9;SFV:SPM;CAT:HSPM;", { verdict: "spam", score: 9, threshold: 5, tests: ["HSPM"] }],
  ["X-Forefront-Antispam-Report", "SFV:SKN", { verdict: "ham" }],
  ["X-Microsoft-Antispam", "BCL:7;ARA:1444111002;", { score: 7 }],
  ["X-Gm-Spam", "0", { verdict: "ham" }],
  ["X-Gm-Phishy", "1", { verdict: "spam" }],
  ["X-Barracuda-Spam-Score", "0.12", { score: 0.12 }],
  [
    "X-Barracuda-Spam-Status",
    "No, SCORE=0.12 using global scores of TAG_LEVEL=1000.0 QUARANTINE_LEVEL=1000.0 tests=HTML_MESSAGE",
    { verdict: "ham", score: 0.12, threshold: 1000, tests: ["HTML_MESSAGE"] },
  ],
  ["X-Proofpoint-Spam-Details", "rule=notspam policy=default score=0 bulkscore=0", { verdict: "ham", score: 0, tests: ["notspam"] }],
  ["X-Proofpoint-Spam-Details", "rule=inbound_spam_definite policy=inbound score=100", { verdict: "spam", score: 100, tests: ["inbound_spam_definite"] }],
  ["X-SES-Spam-Verdict", "PASS", { verdict: "ham" }],
  ["X-Mailgun-Sflag", "No", { verdict: "ham" }],
  ["X-Mailgun-Sscore", "-0.1", { score: -0.1 }],
  ["X-Bogosity", "Ham, tests=bogofilter, spamicity=0.000123, version=1.2.5", { verdict: "ham", score: 0.000123 }],
  ["X-DSPAM-Result", "Innocent", { verdict: "ham" }],
  ["X-VR-SPAMSTATE", "OK", { verdict: "ham" }],
  ["X-VR-SPAMSCORE", "0", { score: 0 }],
  ["X-Ovh-Spam-Reason", "vr: OK; dkim: disabled", {}],
];

describe("what filters write", () => {
  test.each(CASES)("%s: %s", (field, body, fact) => {
    const [read] = spamFactsOf(parseHeader(`${field}: ${body}\r\n`));
    const system = SPAM_FIELDS[field.toLowerCase()]?.system;
    expect(read).toEqual({ field, system, verdict: null, score: null, threshold: null, tests: [], text: body.replaceAll("\t", " "), ...fact });
  });

  test("every row of the table is tried", () => {
    expect(Object.keys(SPAM_FIELDS).filter((name) => !CASES.some(([field]) => field.toLowerCase() === name))).toEqual([]);
  });

  test("is listed in the order of the header, and has an end", () => {
    const header = parseHeader("X-Spam-Flag: YES\r\nSubject: x\r\nx-gm-spam: 1\r\n");
    expect(spamFactsOf(header).map(({ field }) => field)).toEqual(["X-Spam-Flag", "x-gm-spam"]);
    expect(spamFactsOf(parseHeader("X-Spam-Flag: YES\r\n".repeat(900))).length).toBe(HEADER_LIMITS.verdicts);
  });

  test("any text is read without an error, and in time", () => {
    const pieces = fc.constantFrom("score=", "tests=", "A_B", "(", "[", "1.5", " ", "/", ";", ":", ",", "SCL:", "Yes", "-", "+", "*", "é");
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(SPAM_FIELDS)), fc.string({ unit: pieces, maxLength: 80 }), (field, body) => {
        const [fact] = spamFactsOf({ fields: [{ name: field, body }], isCut: false });
        expect([fact?.score, fact?.threshold].every((value) => value === null || Number.isFinite(value))).toBe(true);
      }),
    );
    const began = performance.now();
    for (const name of Object.keys(SPAM_FIELDS)) {
      for (const piece of ["A", "tests=A ", "a:", "1", "[1/", "SCL:", "AAA(", "*", "tests=,,, "]) {
        spamFactsOf({ fields: [{ name, body: piece.repeat(HEADER_LIMITS.fieldBytes / piece.length) }], isCut: false });
      }
    }
    expect(performance.now() - began).toBeLessThan(2000);
  });
});
