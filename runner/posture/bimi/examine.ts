import { failureOfAnswer, isCertain } from "../../net/dns/answer.js";
import type { DmarcFacts } from "../dmarc/examine.js";
import type { Fetched } from "../fetch.js";
import type { Questions } from "../questions.js";
import { isSameLogo, readMark } from "./mark.js";
import { judgeSvg, type SvgFacts } from "./svg.js";

export const BIMI_STATES = ["valid", "declined", "none", "invalid", "unknown"] as const;

export interface BimiRecord {
  readonly state: (typeof BIMI_STATES)[number];
  /** Where the record stands. */
  readonly name: string;
  readonly text: string | null;
  /** Of the logo (l=); empty when the domain declines. */
  readonly location: string | null;
  /** Of the certificate of the mark (a=). */
  readonly evidence: string | null;
  readonly avp: string | null;
  readonly lps: readonly string[];
  readonly problem: string | null;
  readonly remarks: readonly string[];
}

export interface BimiFacts {
  readonly domain: string;
  readonly record: BimiRecord;
  readonly logo: { readonly url: string; readonly svg: SvgFacts | null; readonly problem: string | null } | null;
  readonly certificate: CertificateFacts | null;
}

export interface CertificateFacts {
  readonly url: string;
  readonly problem: string | null;
  readonly subject: string | null;
  readonly expires: string | null;
  readonly is_for_marks: boolean | null;
  readonly is_for_domain: boolean | null;
  readonly issuer: string | null;
  /** Each certificate of the file is signed by the next one; null for one without others. */
  readonly is_chain_signed: boolean | null;
  /** The hash in the certificate is that of the logo inside it; null without a logo. */
  readonly is_hash_right: boolean | null;
  /** The logo inside it is the one that the record names; null if one of the two is not known. */
  readonly is_logo_same: boolean | null;
}

export interface BimiQuestion {
  readonly selector: string;
  /** Null: the files are not to be fetched. */
  readonly fetchFile: ((url: URL, kind: "logo" | "certificate") => Promise<Fetched>) | null;
  readonly now: Date;
}

/** The record of a domain, or of its organizational domain, and the files that it names. */
export async function examineBimi(
  domain: string,
  question: BimiQuestion,
  dmarc: Pick<DmarcFacts, "organizational_domain">,
  questions: Questions,
): Promise<BimiFacts> {
  const own = await readRecord(`${question.selector}._bimi.${domain}`, questions);
  const organization = dmarc.organizational_domain;
  const record =
    own.state === "none" && own.text === null && organization !== null && organization !== domain
      ? await readRecord(`${question.selector}._bimi.${organization}`, questions)
      : own;
  const { fetchFile } = question;
  if (record.state !== "valid" || fetchFile === null) return { domain, record, logo: null, certificate: null };
  const [logo, mark] = await Promise.all([
    fetchLogo(record.location as string, fetchFile),
    record.evidence === "" || record.evidence === null ? null : fetchCertificate(record.evidence, domain, fetchFile, question.now),
  ]);
  const isLogoSame = logo.body === null || mark?.logo == null ? null : isSameLogo(logo.body, mark.logo);
  const { body: _, ...shownLogo } = logo;
  return { domain, record, logo: shownLogo, certificate: mark === null ? null : { ...mark.facts, is_logo_same: isLogoSame } };
}

async function readRecord(name: string, questions: Questions): Promise<BimiRecord> {
  const answer = await questions.ask(name, "TXT");
  const about: BimiRecord = { state: "none", name, text: null, location: null, evidence: null, avp: null, lps: [], problem: null, remarks: [] };
  if (!isCertain(answer)) return { ...about, state: "unknown", problem: failureOfAnswer(answer, `TXT ${name}`).message };
  const texts = await questions.texts(name);
  const records = texts.filter((text) => /^v[ \t]*=[ \t]*BIMI1[ \t]*(?:;|$)/.test(text));
  const [text] = records;
  if (text === undefined) {
    const near = texts.find((each) => /bimi|(?:^|;)[ \t]*l[ \t]*=/i.test(each.slice(0, 200))) ?? null;
    return near === null ? about : { ...about, text: near, problem: 'the record does not begin with "v=BIMI1;" exactly, so it does not count' };
  }
  if (records.length > 1) return { ...about, state: "invalid", text, problem: `there are ${records.length} BIMI records` };
  return { ...about, text, ...tagsOf(text) };
}

type Read = Pick<BimiRecord, "state" | "location" | "evidence" | "avp" | "lps" | "problem" | "remarks">;

const KNOWN: ReadonlySet<string> = new Set(["v", "l", "a", "avp", "lps"]);

function tagsOf(text: string): Read {
  const nothing: Read = { state: "invalid", location: null, evidence: null, avp: null, lps: [], problem: null, remarks: [] };
  const tags = new Map<string, string>();
  const parts = text.split(";").map((part) => part.trim());
  if (parts.at(-1) === "") parts.pop();
  for (const part of parts) {
    const equals = part.indexOf("=");
    const name = part.slice(0, Math.max(0, equals)).trim();
    if (!/^[A-Za-z][A-Za-z0-9_]{0,30}$/.test(name)) return { ...nothing, problem: `${JSON.stringify(part.slice(0, 60))} is no tag` };
    if (tags.has(name)) return { ...nothing, problem: `the tag ${name} stands twice` };
    tags.set(name, part.slice(equals + 1).trim());
  }
  const location = tags.get("l");
  const evidence = tags.get("a") ?? "";
  if (location === undefined) return { ...nothing, problem: "the record names no logo (l=)" };
  const avp = tags.get("avp") ?? "brand";
  const lps = (tags.get("lps") ?? "")
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
  const about = { location, evidence, avp, lps, remarks: remarksOf(tags, avp, lps) };
  if (location === "" && evidence === "") return { ...about, state: "declined", problem: null };
  const problem =
    location === "" ? "the record has evidence (a=) for no logo (l=)" : (urlProblem("l", location) ?? (evidence === "" ? null : urlProblem("a", evidence)));
  return { ...about, state: problem === null ? "valid" : "invalid", problem };
}

function urlProblem(tag: "l" | "a", value: string): string | null {
  if (!/^https:\/\/[^\s,;]+$/i.test(value) || !URL.canParse(value)) return `${tag}= is not one https address: ${value.slice(0, 100)}`;
  const { pathname } = new URL(value);
  return tag === "l" && !/\.svgz?$/i.test(pathname) ? "l= is not the address of an SVG file (.svg)" : null;
}

function remarksOf(tags: ReadonlyMap<string, string>, avp: string, lps: readonly string[]): string[] {
  const unknown = [...tags.keys()].filter((name) => !KNOWN.has(name));
  return [
    ...(unknown.length === 0 ? [] : [`unknown tags are ignored: ${unknown.slice(0, 5).join(", ")}`]),
    ...(avp === "brand" || avp === "personal" ? [] : [`avp=${avp.slice(0, 40)} is neither brand nor personal`]),
    ...lps.filter((each) => !/^[A-Za-z0-9-]{1,63}$/.test(each)).map((each) => `lps holds ${JSON.stringify(each.slice(0, 70))}, which is no local-part prefix`),
  ];
}

type FetchFile = NonNullable<BimiQuestion["fetchFile"]>;

async function fetchLogo(location: string, fetchFile: FetchFile): Promise<NonNullable<BimiFacts["logo"]> & { body: Buffer | null }> {
  const fetched = await fetchFile(new URL(location), "logo");
  const without = (problem: string) => ({ url: location, svg: null, problem, body: null });
  if (fetched.kind === "failed") return without(fetched.failure.message);
  if (fetched.status !== 200) return without(`the server answers with status ${fetched.status}`);
  if (fetched.is_cut) return without("the file is far too large");
  return { url: location, svg: judgeSvg(fetched.body), problem: null, body: fetched.body };
}

/** id-kp-BrandIndicatorforMessageIdentification. */
const FOR_MARKS = "1.3.6.1.5.5.7.3.31";

interface Mark {
  readonly facts: CertificateFacts;
  /** The SVG inside the certificate. */
  readonly logo: Buffer | null;
}

async function fetchCertificate(location: string, domain: string, fetchFile: FetchFile, now: Date): Promise<Mark> {
  const fetched = await fetchFile(new URL(location), "certificate");
  const without = (problem: string): Mark => ({ facts: { ...UNREAD, url: location, problem }, logo: null });
  if (fetched.kind === "failed") return without(fetched.failure.message);
  if (fetched.status !== 200 || fetched.is_cut)
    return without(fetched.is_cut ? "the file is far too large" : `the server answers with status ${fetched.status}`);
  try {
    const { certificate, logo, is_chain_signed, is_hash_right } = readMark(fetched.body);
    const usages = certificate.keyUsage as readonly string[] | undefined;
    const expires = new Date(certificate.validTo);
    const facts = {
      url: location,
      subject: nameText(certificate.subject),
      issuer: nameText(certificate.issuer),
      expires: expires.toISOString(),
      is_for_marks: usages?.includes(FOR_MARKS) === true,
      is_for_domain: certificate.checkHost(domain, { subject: "never" }) !== undefined,
      is_chain_signed,
      is_hash_right,
      is_logo_same: null,
      problem: expires < now ? "the certificate has expired" : null,
    };
    return { facts, logo };
  } catch {
    return without("it is no certificate (PEM)");
  }
}

const UNREAD: Omit<CertificateFacts, "url" | "problem"> = {
  subject: null,
  issuer: null,
  expires: null,
  is_for_marks: null,
  is_for_domain: null,
  is_chain_signed: null,
  is_hash_right: null,
  is_logo_same: null,
};

function nameText(name: string): string {
  return name.replaceAll("\n", ", ").slice(0, 500);
}
