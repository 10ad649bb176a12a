import type { SpamFact } from "../../schemas/spam.js";

/** What can be read out of one field; what it does not say is left out. */
export interface SpamReading {
  readonly verdict?: SpamFact["verdict"];
  readonly score?: number | null;
  readonly threshold?: number | null;
  readonly tests?: readonly string[];
}

interface Row {
  readonly system: string;
  readonly read: (body: string) => SpamReading;
}

const SPAMASSASSIN = "SpamAssassin and its kin";
const RSPAMD = "rspamd";
const EXCHANGE = "Exchange";

/** The fields that filters write, in lower case: who writes each, and how it is read. */
export const SPAM_FIELDS: Readonly<Record<string, Row>> = {
  "x-spam-status": { system: SPAMASSASSIN, read: statusLine },
  "x-spam-flag": { system: SPAMASSASSIN, read: word },
  "x-spam-score": { system: SPAMASSASSIN, read: number },
  "x-spam-level": { system: SPAMASSASSIN, read: stars },
  "x-spam": { system: RSPAMD, read: word },
  "x-spamd-result": { system: RSPAMD, read: rspamdResult },
  "x-spamd-bar": { system: RSPAMD, read: bar },
  "x-rspamd-score": { system: RSPAMD, read: number },
  "x-rspamd-action": { system: RSPAMD, read: rspamdAction },
  "x-ms-exchange-organization-scl": { system: EXCHANGE, read: confidenceLevel },
  "x-forefront-antispam-report": { system: EXCHANGE, read: forefront },
  "x-microsoft-antispam": { system: EXCHANGE, read: bulkLevel },
  "x-gm-spam": { system: "Gmail", read: word },
  "x-gm-phishy": { system: "Gmail", read: word },
  "x-barracuda-spam-status": { system: "Barracuda", read: statusLine },
  "x-barracuda-spam-score": { system: "Barracuda", read: number },
  "x-proofpoint-spam-details": { system: "Proofpoint", read: proofpoint },
  "x-ses-spam-verdict": { system: "Amazon SES", read: word },
  "x-mailgun-sflag": { system: "Mailgun", read: word },
  "x-mailgun-sscore": { system: "Mailgun", read: number },
  "x-bogosity": { system: "bogofilter", read: bogosity },
  "x-dspam-result": { system: "DSPAM", read: word },
  "x-ovh-spam-reason": { system: "OVH", read: nothing },
  "x-vr-spamstate": { system: "OVH", read: word },
  "x-vr-spamscore": { system: "OVH", read: number },
};

/** The first word of a field, whatever follows it. */
const WORDS: Readonly<Record<string, "spam" | "ham">> = {
  yes: "spam",
  true: "spam",
  spam: "spam",
  fail: "spam",
  "1": "spam",
  no: "ham",
  false: "ham",
  ham: "ham",
  ok: "ham",
  pass: "ham",
  innocent: "ham",
  whitelisted: "ham",
  "0": "ham",
};

function word(body: string): SpamReading {
  const [first = ""] = /^[\w-]+/.exec(body) ?? [];
  return { verdict: WORDS[first.toLowerCase()] ?? null };
}

function number(body: string): SpamReading {
  return { score: numberOf(/^[+-]?\d{1,9}(?:\.\d{1,9})?/.exec(body)?.[0]) };
}

/** Yes, score=12.3 required=5.0 tests=A,B autolearn=no */
function statusLine(body: string): SpamReading {
  const [, after = ""] = body.split(/\btests=/, 2);
  // Up to the next name=.
  const [tests = ""] = (/^[\w=.,\- ]*/.exec(after)?.[0] ?? "").split(/ [\w-]{1,64}=/, 1);
  return {
    ...word(body),
    score: numberOf(/\b(?:score|hits)=([+-]?\d{1,9}(?:\.\d{1,9})?)/i.exec(body)?.[1]),
    threshold: numberOf(/\b(?:required|kill_level|tag_level|QUARANTINE_LEVEL)=([+-]?\d{1,9}(?:\.\d{1,9})?)/i.exec(body)?.[1]),
    tests: tests.split(/[,\s]+/).filter((name) => name !== "" && name !== "none"),
  };
}

function stars(body: string): SpamReading {
  return { score: /^\**/.exec(body)?.[0].length ?? null };
}

/** default: False [1.10 / 15.00]; SYMBOL(0.10)[option]; SYMBOL(1.00)[] */
function rspamdResult(body: string): SpamReading {
  const [, says = "", score, threshold] = /^[^:]{1,100}:\s*(\w+)\s*\[(-?[\d.]{1,12})\s*\/\s*(-?[\d.]{1,12})\]/.exec(body) ?? [];
  return {
    ...word(says),
    score: numberOf(score),
    threshold: numberOf(threshold),
    tests: [...body.matchAll(/(?:^|[;\s])([A-Z][A-Z0-9_]{2,99})(?=\()/g)].map(([, name]) => name as string),
  };
}

/** A plus or a minus for each point, a slash for none. */
function bar(body: string): SpamReading {
  const [signs = ""] = /^(?:\++|-+|\/)/.exec(body) ?? [];
  if (signs === "") return {};
  return { score: signs === "/" ? 0 : signs.length * (signs.startsWith("-") ? -1 : 1) };
}

function rspamdAction(body: string): SpamReading {
  const says = body.toLowerCase();
  if (says.startsWith("no action") || says.startsWith("greylist")) return { verdict: "ham" };
  return { verdict: /^(?:add header|rewrite subject|reject|soft reject)/.test(says) ? "spam" : null };
}

/** From 5 on a message goes to the junk folder; -1 is one that was not looked at. */
const JUNK_LEVEL = 5;

function confidenceLevel(body: string): SpamReading {
  const { score = null } = number(body);
  return { verdict: score === null ? null : score >= JUNK_LEVEL ? "spam" : "ham", score, threshold: JUNK_LEVEL };
}

/** What SFV says of the filter's verdict, beside the level. */
const FILTER_VERDICTS: Readonly<Record<string, "spam" | "ham">> = {
  SPM: "spam",
  SKS: "spam",
  SKB: "spam",
  BLK: "spam",
  NSPM: "ham",
  SKN: "ham",
  SKA: "ham",
  SFE: "ham",
  SKI: "ham",
};

/** CIP:192.0.2.1;CTRY:DE;LANG:en;SCL:1;SRV:;IPV:NLI;SFV:NSPM;CAT:NONE; */
function forefront(body: string): SpamReading {
  const values = new Map(
    [...body.matchAll(/(?:^|;)\s*(\w{1,16}):([^;]{0,200})/g)].map(([, name = "", value = ""]) => [name.toUpperCase(), value.trim()] as const),
  );
  const level = confidenceLevel(values.get("SCL") ?? "");
  const category = values.get("CAT") ?? "NONE";
  const verdict = FILTER_VERDICTS[values.get("SFV") ?? ""] ?? level.verdict ?? null;
  return { ...level, verdict, threshold: level.score === null ? null : JUNK_LEVEL, tests: category === "NONE" || category === "" ? [] : [category] };
}

/** BCL:0;ARA:… */
function bulkLevel(body: string): SpamReading {
  return { score: numberOf(/\bBCL:(\d)/.exec(body)?.[1]) };
}

/** rule=notspam policy=default score=0 */
function proofpoint(body: string): SpamReading {
  const rule = /\brule=([\w-]{1,60})/.exec(body)?.[1] ?? "";
  const verdict = /notspam|safe/i.test(rule) ? "ham" : /spam|phish|malware/i.test(rule) ? "spam" : null;
  return { verdict, score: numberOf(/\bscore=(-?\d{1,9})/.exec(body)?.[1]), tests: rule === "" ? [] : [rule] };
}

/** Ham, tests=bogofilter, spamicity=0.000000, version=1.2.5 */
function bogosity(body: string): SpamReading {
  return { ...word(body), score: numberOf(/\bspamicity=(\d\.\d{1,9})/.exec(body)?.[1]) };
}

function nothing(): SpamReading {
  return {};
}

function numberOf(written: string | undefined): number | null {
  const value = Number(written ?? "");
  return written === undefined || !Number.isFinite(value) ? null : value;
}
