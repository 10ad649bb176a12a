import { afterAll, describe, expect, test } from "vitest";
import { givenKeys } from "../../../runner/mail/dkim/given-keys.js";
import { keyRecord } from "../../../runner/mail/dkim/key-record.js";
import { makeKey } from "../../../runner/mail/dkim/make-key.js";
import { createSigner } from "../../../runner/mail/dkim/signer.js";
import { type AuthenticatedDomain, evaluateDmarc } from "../../../runner/mail/dmarc/evaluate.js";
import { checkHost, type SpfVerdict } from "../../../runner/mail/spf/check-host.js";
import type { TxtLookup } from "../../../runner/mail/verify/key-lookup.js";
import { readMessage } from "../../../runner/mail/verify/message-parts.js";
import { verifyDkim } from "../../../runner/mail/verify/verify-dkim.js";
import { type MailauthOracle, startMailauthOracle } from "../../support/mailauth-oracle.js";
import { randomFrom } from "../../support/random.js";
import { SpfGenerator, spfResolverOf } from "../../support/random-spf.js";
import type { SpfRequest } from "../../support/spf-oracle.js";

const RUNS = Number(process.env.PROBE_RUN_MAILAUTH_RUNS ?? 5000);
const SPF_RUNS = Number(process.env.PROBE_RUN_SPF_RUNS ?? 20_000);
const SEED = Number(process.env.PROBE_RUN_MAILAUTH_SEED ?? 20_261_129);

type Zone = Record<string, "fails" | { TXT?: string[]; A?: string[] }>;

/**
 * RFC 7208, 4.6.4 limits empty answers without a word on which look-ups of a term count. We count the addresses of the hosts of mx and ptr, as
 * python3-spf does; mailauth counts only what a term names itself.
 */
function isByEmptyAddress({ problem, empty }: SpfVerdict, { zone }: SpfRequest): boolean {
  if (problem?.includes("is one empty DNS answer more") !== true || !empty.some((question) => /^(?:A|AAAA) /.test(question))) return false;
  const texts = Object.values(zone).flatMap((records) => (typeof records === "object" && Array.isArray(records.TXT) ? records.TXT : []));
  return texts.some((text) => /(?:^|[-+~? ])(?:mx|ptr)\b/i.test(text));
}

function lookupIn(zone: Zone): TxtLookup {
  return async (name) => {
    const found = zone[name.toLowerCase()];
    if (found === "fails") return { outcome: "server_failure", texts: [], problem: null };
    const texts = found?.TXT ?? [];
    return { outcome: found === undefined ? "no_such_name" : texts.length > 0 ? "found" : "no_data", texts, problem: null };
  };
}

let oracle: MailauthOracle | null = null;
const judge = (): MailauthOracle => {
  oracle ??= startMailauthOracle();
  return oracle;
};
afterAll(() => oracle?.stop());

/**
 * Where the two differ, with the reason:
 * - A blank before v=: mailauth takes the record; the grammar of RFC 9989, 4.8 begins with the version.
 * - A name server that fails: for a domain that may share an organizational domain that could not be found, we say temperror, mailauth fail.
 * - An organizational domain of eight labels, which the walk leaves out: we ask for its record, because RFC 9989, 4.10.1 applies what stands there;
 *   mailauth applies only what the walk has met.
 * - Two key records at one selector: RFC 6376, 3.6.2.2 leaves it undefined; we say permerror.
 * - Damaged lines (DAMAGE): mailauth repairs what it can, we take the bytes as they are.
 * - Which of two faults is named first: a body that was changed, or a key that cannot be fetched. Both are no pass.
 */
describe("beside mailauth 7, strict", () => {
  const random = randomFrom(SEED);
  const pick = <Value>(values: readonly Value[]): Value => values[Math.floor(random() * values.length)] as Value;
  const chance = (share: number): boolean => random() < share;

  const LABELS = ["a", "b", "mail", "news"];
  const ROOTS = ["example.org", "example.co.uk", "example"];
  const domain = (): string => [...Array.from({ length: Math.floor(random() * (chance(0.1) ? 9 : 4)) }, () => pick(LABELS)), pick(ROOTS)].join(".");
  const tag = (name: string, values: readonly string[], share: number): string => (chance(share) ? `; ${name}=${pick(values)}` : "");
  const record = (): string =>
    `${chance(0.03) ? " " : ""}${pick(["v=DMARC1", "v=DMARC1", "V=DMARC1", "v=DMARC1 ", "v=dmarc1", "v = DMARC1", "v=DMARC10"])}${tag("p", ["none", "quarantine", "reject", "REJECT", "rejected", ""], 0.85)}${tag("sp", ["none", "quarantine", "reject", "x"], 0.3)}${tag("np", ["none", "reject", "x"], 0.3)}${tag("psd", ["y", "n", "u", "x"], 0.35)}${tag("adkim", ["r", "s", "x"], 0.3)}${tag("aspf", ["r", "s", "S"], 0.3)}${tag("t", ["y", "n", "x"], 0.2)}${tag("rua", ["mailto:a@example.org", "none", "mailto:a@example.org!10m"], 0.3)}${tag("pct", ["50", "0"], 0.1)}${pick(["", ";", " ; "])}`;

  test(`${RUNS} walks of DMARC have the same verdict and policy`, async () => {
    const differences: string[] = [];
    let known = 0;
    for (let run = 0; run < RUNS; run++) {
      const from = domain();
      const authenticated: AuthenticatedDomain[] = Array.from({ length: Math.floor(random() * 3) }, () => ({
        method: pick(["spf", "dkim"]),
        domain: pick([from, domain(), `${pick(LABELS)}.${from}`]),
      }));
      const zone: Zone = {};
      for (const start of [from, ...authenticated.map((each) => each.domain)]) {
        const labels = start.split(".");
        for (let at = 0; at < labels.length; at++) {
          const name = labels.slice(at).join(".");
          if (chance(0.85)) zone[name] ??= { A: ["192.0.2.1"] };
          if (chance(0.3)) zone[`_dmarc.${name}`] ??= chance(0.05) ? "fails" : { TXT: Array.from({ length: chance(0.1) ? 2 : 1 }, record) };
        }
      }
      const exists = async (name: string): Promise<boolean | null> =>
        zone[name] === "fails" ? null : zone[name] !== undefined || Object.keys(zone).some((each) => each.endsWith(`.${name}`));
      const evaluated = (records: Zone): ReturnType<typeof evaluateDmarc> =>
        evaluateDmarc({ authorDomains: [from], authenticated, lookup: lookupIn(records), exists });
      const ours = await evaluated(zone);
      // A resolver says that a name exists if something is below it.
      const whole: Zone = { ...zone };
      for (const name of Object.keys(zone)) for (const above of parents(name)) whole[above] ??= {};
      const domainsBy = (method: string): string[] => authenticated.filter((each) => each.method === method).map((each) => each.domain);
      const theirs = await judge().ask<{ result: string; policy: string | null; domain: string | null }>({
        kind: "dmarc",
        zone: whole,
        from,
        spf: domainsBy("spf"),
        dkim: domainsBy("dkim"),
      });
      const mine = shown(ours.result, ours.policy, ours.policy_domain);
      const other = shown(theirs.result, theirs.policy ?? null, theirs.domain ?? null);
      const isFailing = ours.result === "temperror" && Object.values(zone).includes("fails");
      if (mine === other || isFailing) continue;
      // As if the blanks before v= were not there, we must agree.
      const trimmed = await evaluated(withoutLeadingBlanks(zone));
      const isLeftOut = from.split(".").length > 8 && ours.policy_domain?.split(".").length === 8;
      if (isLeftOut || shown(trimmed.result, trimmed.policy, trimmed.policy_domain) === other) known += 1;
      else differences.push(`${mine} | ${other} | ${JSON.stringify({ from, authenticated, zone })}`);
    }
    expect(differences.slice(0, 20), `${differences.length} differences`).toEqual([]);
    // Were they many, the comparison would prove little.
    expect(known / RUNS).toBeLessThan(0.05);
  }, 600_000);

  test(`${RUNS} messages with DKIM signatures have the same results`, async () => {
    const rsa = await makeKey("rsa", 2048);
    const ed25519 = await makeKey("ed25519", 0);
    const signers = [rsa, ed25519].map((key) =>
      createSigner({ keys: givenKeys([{ domain: "example.org", selector: "s", privateKey: key.export({ type: "pkcs8", format: "pem" }) as string }]) }),
    );
    const records = [rsa, ed25519].map((key) => keyRecord(key));
    const differences: string[] = [];
    let known = 0;
    for (let run = 0; run < RUNS; run++) {
      const kind = chance(0.8) ? 1 : 0;
      const plain = `From: Ann <ann@example.org>\r\nTo: b@example.net\r\nSubject: ${pick(["x", "two  blanks", "folded\r\n\tline", ""])}\r\n${pick(["", "X-Other: 1\r\n", "Reply-To: c@example.org\r\n"])}\r\n${pick(["", "Hello.\r\n", "a  b \r\n\r\n\r\n", "no end", "\r\n\r\n", "tab\there \r\nx\r\n"])}`;
      const { header } = await (signers[kind] as (typeof signers)[number]).sign(Buffer.from(plain));
      const whole = `${header.toString("latin1")}${plain}`;
      const damage = chance(0.05) ? pick(DAMAGE) : null;
      const message = damage === null ? mutated(whole) : damage(whole, pick(places(whole)));
      const text = mutatedKey(records[kind] as string);
      const zone: Zone = { "s._domainkey.example.org": chance(0.03) ? "fails" : chance(0.03) ? {} : { TXT: chance(0.03) ? [text, pick(records)] : [text] } };
      const at = Date.now() + pick([0, 0, 0, -86_400_000, 86_400_000 * 400]);
      const ours = (await verifyDkim(readMessage(Buffer.from(message, "latin1")), { lookup: lookupIn(zone), at })).map(({ result }) => result);
      const theirs = await judge().ask<{ result: string; comment: string | null; policy: unknown }[]>({
        kind: "dkim",
        zone,
        message: Buffer.from(message, "latin1").toString("base64"),
        at,
      });
      const other = Array.isArray(theirs) ? theirs.map(({ result }) => result) : [String((theirs as { result: string }).result)];
      const isPass = (result: string | undefined): string => (result === "pass" ? "pass" : "not pass");
      if (ours.map(isPass).join() === other.map(isPass).join() || (ours.length === 0 && other.join() === "none")) continue;
      const hasTwoKeys = Object.values(zone).some((found) => found !== "fails" && (found.TXT?.length ?? 0) > 1);
      // Laxer than we are, in what the table above says.
      if ((damage !== null || hasTwoKeys) && !ours.includes("pass")) known += 1;
      else differences.push(`${ours.join()} | ${other.join()} ${JSON.stringify(theirs)} | ${JSON.stringify({ zone, message: message.slice(0, 900) })}`);
    }
    expect(differences.slice(0, 20), `${differences.length} differences`).toEqual([]);
    expect(known / RUNS).toBeLessThan(0.05);
  }, 600_000);

  test(`${SPF_RUNS} random SPF records and macros have the same result`, async () => {
    const generator = new SpfGenerator(randomFrom(SEED + 1));
    const differences: string[] = [];
    const seen = new Set<string>();
    let known = 0;
    for (let run = 0; run < SPF_RUNS; run++) {
      const request = generator.request();
      const [ours, theirs] = await Promise.all([
        checkHost(request, spfResolverOf(request.zone)),
        judge().ask<{ result: string; comment: string | null }>({ kind: "spf", ...request }),
      ]);
      seen.add(theirs.result);
      if (ours.result === theirs.result) continue;
      if (isByEmptyAddress(ours, request)) known += 1;
      else differences.push(`${run}: ours ${ours.result} (${ours.problem}), theirs ${theirs.result} (${theirs.comment}): ${JSON.stringify(request)}`);
    }
    expect(differences.slice(0, 5), `${differences.length} of ${SPF_RUNS}`).toEqual([]);
    // Were they many, the comparison would prove little.
    expect(known / SPF_RUNS).toBeLessThan(0.01);
    expect(seen).toEqual(new Set(["pass", "fail", "softfail", "neutral", "none", "temperror", "permerror"]));
  }, 600_000);

  /** One change to the message as it may happen on its way, or as a forger may make it. */
  function mutated(message: string): string {
    const at = pick(places(message));
    return pick<() => string>([
      () => message,
      () => message,
      () => `${message.slice(0, at)}${pick(["x", ";"])}${message.slice(at)}`,
      () => `${message.slice(0, at)}${message.slice(at + 1)}`,
      () => message.replace(/\r\n\r\n[\s\S]*$/, (body) => `${body}\r\nmore\r\n`),
      () => message.replace("Subject:", pick(["subject:", "SUBJECT :", "Subject:\t"])),
      () => message.replace(/\r\n$/, "\r\n\r\n"),
      () => `From: x@example.net\r\n${message}`,
      () => message.replace(/\b([abchdisqtvx])=/, (all) => pick([all.toUpperCase(), `${all}=`, `${all} `, `z${all}`])),
      () => message.replace(/a=[a-z0-9-]+/, pick(["a=rsa-sha1", "a=rsa-sha256", "a=ed25519-sha256", "a=RSA-SHA256", "a=x"])),
      () => message.replace(/c=[a-z/]+/, pick(["c=simple", "c=relaxed", "c=relaxed/relaxed", "c=simple/relaxed", "c=x/y", "c="])),
      () => message.replace("v=1;", pick(["", "v=2;", "v= 1 ;", "v=1;v=1;"])),
      () =>
        message.replace(
          "d=example.org;",
          pick([
            "d=example.net;",
            "d=EXAMPLE.org;",
            "d=example.org;l=0;",
            "d=example.org;l=5;",
            "d=example.org;i=@a.example.org;",
            "d=example.org;i=@example.net;",
            "d=example.org;x=1;",
            "d=example.org;q=dns/txt;",
            "d=example.org;q=x;",
            "d=org;",
          ]),
        ),
    ])();
  }

  function mutatedKey(text: string): string {
    if (chance(0.7)) return text;
    return pick<(record: string) => string>([
      (record) => record.replace("v=DKIM1", pick(["v=DKIM2", "v=dkim1", "V=DKIM1", "v = DKIM1", "t=s; v=DKIM1"])),
      (record) => record.replace(/p=[^;]+/, pick(["p=", "p=x", "p=AAAA", ""])),
      (record) => record.replace(/k=\w+/, pick(["k=rsa", "k=ed25519", "k=x", ""])),
      (record) =>
        `${record}${pick(["; t=y", "; t=s", "; h=sha1", "; h=sha256", "; h=sha1:sha256", "; s=email", "; s=*", "; s=other", "; n=note", "; x=1", ";", "; p=", " ;; "])}`,
    ])(text);
  }
});

/** Between two visible characters: a line that has lost its end or the blank of its folding is no field any more. */
function places(message: string): number[] {
  return [...message.matchAll(/(?<=[\w=+/;,.@-])[\w=+/;,.@-](?=[\w=+/;,.@-])/g)].map(({ index }) => index);
}

/** What makes another message of the bytes, and what a reader may repair. */
const DAMAGE: readonly ((message: string, at: number) => string)[] = [
  (message, at) => `${message.slice(0, at)}\n${message.slice(at)}`,
  (message, at) => `${message.slice(0, at)}\r${message.slice(at)}`,
  (message, at) => `${message.slice(0, at)}\r\n${message.slice(at)}`,
  (message) => message.replace(/\r\n[ \t]/, "\r\n"),
  (message) => ` ${message}`,
  (message) => message.replace(/\r\nSubject/, "\r\nSub ject"),
  (message) => message.replace(/(b=[^;]*?)(\r\n\S)/, "$1==$2"),
  (message) => message.replaceAll("\r\n", "\n"),
];

function withoutLeadingBlanks(zone: Zone): Zone {
  const trimmed = Object.entries(zone).map(([name, found]) => [
    name,
    found === "fails" || found.TXT === undefined ? found : { ...found, TXT: found.TXT.map((text) => text.trimStart()) },
  ]);
  return Object.fromEntries(trimmed) as Zone;
}

/** Without a policy, which record was passed over is of no matter. */
function shown(result: string, policy: string | null, domain: string | null): string {
  return result === "none" ? "none" : `${result} ${policy} ${domain}`;
}

function parents(name: string): string[] {
  const labels = name.split(".");
  return labels.slice(1).map((_, index) => labels.slice(index + 1).join("."));
}
