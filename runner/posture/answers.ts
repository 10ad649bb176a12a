import type { Area, Check } from "../../schemas/check.js";
import { bySeverity } from "./check.js";
import type { DomainFacts } from "./examine-domain.js";
import { receives, sends } from "./profile.js";

export const ANSWERS = ["protected", "partly", "open", "unknown"] as const;

/** One of the three questions that an owner of a domain asks, answered. */
export interface Answered {
  readonly area: Area;
  readonly answer: (typeof ANSWERS)[number];
  /** What decided it, in a few words. */
  readonly message: string;
  /** Checks by their verdict. */
  readonly checks: number;
  readonly unknown: number;
}

export function answersOf(facts: Pick<DomainFacts, "profile">, checks: readonly Check[]): Answered[] {
  return (["spoofing", "arrival", "receiving"] as const).map((area) =>
    answerOf(
      area,
      facts,
      checks.filter((each) => each.area === area),
    ),
  );
}

function answerOf(area: Area, { profile }: Pick<DomainFacts, "profile">, checks: readonly Check[]): Answered {
  const counted = checks.filter(({ verdict }) => verdict !== "not_applicable");
  const unknown = counted.filter(({ verdict }) => verdict === "unknown");
  const about = { area, checks: counted.length, unknown: unknown.length };
  const [worst] = bySeverity(counted.filter(({ id, verdict }) => (verdict === "error" || verdict === "warning") && !REPORTS.has(id)));
  if (worst?.verdict === "error") return { ...about, answer: "open", message: worst.message };
  const missing = undecided(area, counted);
  if (missing !== null) return { ...about, answer: "unknown", message: missing };
  if (worst !== undefined) return { ...about, answer: "partly", message: worst.message };
  return { ...about, answer: "protected", message: goodNews(area, profile, counted) };
}

/** Reports protect nothing by themselves. */
const REPORTS: ReadonlySet<string> = new Set(["dmarc.rua", "tlsrpt.record"]);

/** Without these, nothing is known; the others only make it less sure. */
const DECISIVE: Readonly<Record<Area, readonly string[]>> = {
  spoofing: ["dmarc.record", "spf.record", "spf.include"],
  arrival: ["sender.authenticated", "dkim.selector", "reverse.ptr"],
  receiving: ["mx.record", "mx.host", "tls.starttls", "tls.required", "dane.tlsa", "dnssec.signed"],
};

/** A rule is undecided when no host or address was found to keep it. DNSSEC and DANE are so when their answer may hide a fault. */
function undecided(area: Area, checks: readonly Check[]): string | null {
  for (const id of DECISIVE[area]) {
    const own = checks.filter((each) => each.id === id);
    const open = own.find(({ verdict }) => verdict === "unknown");
    if (open !== undefined && own.every(({ verdict }) => verdict === "unknown" || verdict === "not_applicable")) return open.message;
  }
  return null;
}

function goodNews(area: Area, profile: DomainFacts["profile"], checks: readonly Check[]): string {
  const passed = (id: string): boolean => checks.some((each) => each.id === id && each.verdict === "pass");
  if (area === "spoofing") return checks.find(({ id }) => id === "dmarc.policy")?.message ?? "SPF and DMARC protect the domain";
  if (area === "arrival") {
    if (!sends(profile)) return "the domain sends no mail";
    const names = checks.filter(({ id, verdict }) => id === "reverse.ptr" && verdict === "pass").length;
    const lists = passed("blocklist.listed") ? ", on no block list" : "";
    return `${names} ${names === 1 ? "address has a name" : "addresses have names"} that lead${names === 1 ? "s" : ""} back${lists}`;
  }
  if (!receives(profile)) return "the domain takes no mail";
  return checks.find(({ id }) => id === "tls.required")?.message ?? "mail hosts can be reached with TLS";
}
