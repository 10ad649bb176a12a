import type { MailHost, MailRoute } from "../../schemas/mx.js";
import { type BimiFacts, examineBimi } from "./bimi/examine.js";
import { type DaneFacts, examineDane } from "./dane/examine.js";
import { type DkimFacts, examineDkim } from "./dkim/examine.js";
import { type DmarcFacts, examineDmarc } from "./dmarc/examine.js";
import { type DnssecFacts, examineDnssec, type IsBogus } from "./dnssec/examine.js";
import type { Fetched } from "./fetch.js";
import type { HostFacts } from "./hosts/meet.js";
import { mailHostsOf } from "./mail-hosts.js";
import { examineSts, type StsFacts } from "./mtasts/examine.js";
import { guessProfile, type Profile, receives, sends } from "./profile.js";
import type { Questions } from "./questions.js";
import type { RelayFacts } from "./relay/judge.js";
import { examineReverse, type ReverseFacts } from "./reverse/examine.js";
import { examineSpf, type SpfFacts } from "./spf/examine.js";
import { examineTlsReports, type TlsReportFacts } from "./tlsrpt/examine.js";

export interface DomainQuestion {
  readonly domain: string;
  readonly profile: Profile | "auto";
  readonly selectors: readonly string[];
  readonly guessSelectors: boolean;
  /** The addresses that send; null to take those of the mail hosts. */
  readonly sending: readonly string[] | null;
  readonly heloName: string | null;
  readonly port: number;
  readonly policyPort: number;
  /** Mail hosts may have addresses that are not global: in a lab, or an inner network. */
  readonly allowPrivate: boolean;
  readonly now: Date;
}

/** How a domain is examined: everything that is I/O. */
export interface DomainMeans {
  /** The questions of a part, such as spf: they share their answers, and each is one operation, by the name of the part that asks it first. */
  readonly questions: (part: Part) => Questions;
  /** Whether a mail host relays for strangers; null where it is not to be asked. */
  readonly askRelay: ((host: MailHost) => Promise<RelayedHost>) | null;
  /** Null where mail hosts are not to be spoken to. */
  readonly meet: ((host: MailHost) => Promise<HostFacts>) | null;
  readonly fetchPolicy: (url: URL) => Promise<Fetched>;
  readonly isBogus: IsBogus;
  /** The block lists that have an address. Null where they are not to be asked. */
  readonly listings: ((addresses: readonly string[]) => Promise<Listing[]>) | null;
}

export type Part = "mx" | "spf" | "dkim" | "dmarc" | "dnssec" | "tlsrpt" | "bimi" | "mtasts" | "dane" | "reverse";

/** What a mail host answered when it was asked to relay. */
export interface RelayedHost {
  readonly host: string;
  readonly attempts: readonly RelayFacts[];
}

export interface Listing {
  readonly ip_address: string;
  readonly list: string;
  readonly result: "listed" | "not_listed" | "unknown";
  readonly message: string | null;
}

/** Everything that a verdict on a domain rests on. */
export interface DomainFacts {
  readonly domain: string;
  readonly profile: Profile;
  readonly now: Date;
  readonly route: MailRoute;
  readonly spf: SpfFacts;
  readonly dkim: DkimFacts;
  readonly dmarc: DmarcFacts;
  readonly dnssec: DnssecFacts;
  /** The mail hosts that were spoken to; null if none was to be. */
  readonly hosts: readonly HostFacts[] | null;
  readonly sts: StsFacts;
  readonly reports: TlsReportFacts;
  readonly bimi: BimiFacts;
  readonly dane: readonly DaneFacts[];
  readonly reverse: readonly (ReverseFacts & { readonly is_sender: boolean })[];
  readonly listings: readonly Listing[];
  readonly relays: readonly RelayedHost[];
}

/** More hosts than any domain needs are not spoken to. */
const MAX_HOSTS = 10;
const MAX_SENDERS = 20;

export async function examineDomain(question: DomainQuestion, means: DomainMeans): Promise<DomainFacts> {
  const { domain, now } = question;
  const { questions, isBogus } = means;
  const [{ route, hosts: names }, spf, dkim, dmarc, dnssec, reports] = await Promise.all([
    mailHostsOf(domain, questions("mx"), question),
    examineSpf(domain, questions("spf")),
    examineDkim(domain, { selectors: question.selectors, guess: question.guessSelectors }, questions("dkim")),
    examineDmarc(domain, questions("dmarc")),
    examineDnssec(domain, ["MX"], questions("dnssec"), isBogus),
    examineTlsReports(domain, questions("tlsrpt")),
  ]);
  const profile = question.profile === "auto" ? guessProfile(route, spf) : question.profile;
  const mailHosts = receives(profile) ? route.hosts.slice(0, MAX_HOSTS) : [];
  const { meet, askRelay } = means;
  const reachable = mailHosts.filter(({ addresses }) => addresses.length > 0);
  const met = meet === null ? null : await Promise.all(reachable.map((host) => meet(host)));
  // After the other connection to the host is closed: a host is not flooded.
  const relays = askRelay === null ? [] : await Promise.all(reachable.map((host) => askRelay(host)));
  const isTrusted = (host: string): boolean | null => met?.find((each) => each.host === host)?.tls?.authorised ?? null;
  const senders = sends(profile) ? sendersOf(question, route) : [];
  const [bimi, sts, dane, reverse, listings] = await Promise.all([
    // The files of the logo are left to mail.bimi.
    examineBimi(domain, { selector: "default", fetchFile: null, now }, dmarc, questions("bimi")),
    examineSts(domain, { hosts: names, isTrusted, fetchPolicy: means.fetchPolicy, policyPort: question.policyPort }, questions("mtasts")),
    Promise.all(mailHosts.map((host) => examineHostDane(host, question, route, met, means))),
    Promise.all(senders.map(async (sender) => ({ ...(await examineReverse({ ...sender, domain }, questions("reverse"))), is_sender: sender.isSender }))),
    means.listings === null ? [] : means.listings(senders.map(({ address }) => address)),
  ]);
  return { domain, profile, now, route, spf, dkim, dmarc, dnssec, hosts: met, sts, reports, bimi, dane, reverse, listings, relays };
}

/** Without a list of them, the addresses of the mail hosts are looked at: on small systems they send as well. */
function sendersOf({ sending, heloName }: DomainQuestion, { hosts }: MailRoute): { address: string; heloName: string | null; isSender: boolean }[] {
  if (sending !== null) return sending.slice(0, MAX_SENDERS).map((address) => ({ address, heloName, isSender: true }));
  const reachable = hosts.flatMap((host) => host.addresses.filter(({ may_be_dialled: mayBeDialled }) => mayBeDialled));
  const addresses = [...new Set(reachable.map(({ ip_address: address }) => address))];
  return addresses.slice(0, MAX_SENDERS).map((address) => ({ address, heloName: null, isSender: false }));
}

function examineHostDane(
  { host }: MailHost,
  { domain, port, now }: DomainQuestion,
  route: MailRoute,
  met: readonly HostFacts[] | null,
  means: DomainMeans,
): Promise<DaneFacts> {
  const shown = met?.find((each) => each.host === host) ?? null;
  const isRouteSigned = route.outcome === "found" || route.outcome === "no_data" ? route.authenticated_data : null;
  const { isBogus, questions } = means;
  return examineDane({ host, port, isRouteSigned, names: [domain], met: shown, isBogus, now }, questions("dane"));
}
