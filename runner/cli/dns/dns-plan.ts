import { type Compared, compare, isComparable, questionOf } from "../../mail/dns-plan/compare.js";
import { compareSpf, type SpfGoal } from "../../mail/dns-plan/compare-spf.js";
import type { Plan, PlannedItem, PlanOptions } from "../../mail/dns-plan/plan.js";
import { planOf } from "../../mail/dns-plan/plan.js";
import { stringsOf, zoneLine } from "../../mail/dns-plan/record.js";
import { zoneText } from "../../mail/dns-plan/zone.js";
import { printableLine } from "../../support/printable.js";
import { table } from "../../support/table.js";
import { EXIT } from "../exit-codes.js";
import type { Io } from "../io.js";
import { UsageError } from "../usage-error.js";
import type { DnsGiven } from "./options.js";
import { nameServersOf, planOptions } from "./plan-options.js";

export async function dnsPlan(written: string, given: DnsGiven, io: Io): Promise<number> {
  if (given.zone && (given.check || given.json)) throw new UsageError(`--zone and --${given.check ? "check" : "json"} cannot be combined`);
  if (given.resolver.length > 0 && !given.check) throw new UsageError("--resolver requires --check", "no name server is asked without it");
  const nameServers = nameServersOf(given);
  const options = await planOptions(written, given, io);
  const plan = planOf(options);
  const compared = given.check ? await checkAll(options, plan.items, given.resolver) : null;
  if (given.json) await io.out(`${JSON.stringify(asJson(options, plan, compared), null, 2)}\n`);
  else if (given.zone) await io.out(zoneText(options.domain, plan.items, aside(plan), nameServers.length === 0 ? null : { nameServers, date: new Date() }));
  else {
    await io.out(asTable(plan, compared, io));
    io.err(`\n${aside(plan).join("\n")}\n`);
  }
  return compared?.some(({ status }) => status !== "ok") === true ? EXIT.failed : EXIT.ok;
}

async function checkAll(options: PlanOptions, items: readonly PlannedItem[], servers: readonly string[]): Promise<Compared[]> {
  const [{ processResolver }, { spfResolver }] = await Promise.all([import("../../net/dns/process-resolver.js"), import("../../mail/spf/dns-answers.js")]);
  const asking = { cache: "refresh", ...(servers.length === 0 ? {} : { servers }) } as const;
  const askForSpf = spfResolver((name, type) => processResolver().query(name, type, asking));
  return Promise.all(
    items.map(async (item) => {
      if (!isComparable(item)) return compareSpf(goalOf(options, item), askForSpf);
      const { name, type } = questionOf(item);
      return compare(item, await processResolver().query(name, type, asking));
    }),
  );
}

function goalOf({ mailHost, addresses, includes }: PlanOptions, { topic, record }: PlannedItem): SpfGoal {
  const isSender = topic === "spf";
  return { domain: record.name, helo: mailHost, sender: isSender ? `postmaster@${record.name}` : "", addresses, includes: isSender ? includes : [] };
}

function asJson({ domain, mailHost }: { domain: string; mailHost: string }, { items, policyFile, notes }: Plan, compared: readonly Compared[] | null) {
  const records = items.map(({ topic, record, why }, index) => ({
    topic,
    ...record,
    ...(record.type === "TXT" ? { strings: stringsOf(record.value) } : {}),
    zone_line: zoneLine(record),
    why,
    ...(compared === null ? {} : compared[index]),
  }));
  return { domain, mail_host: mailHost, records, policy_file: policyFile, notes };
}

/** What is not a record: the policy file, and notes. */
function aside({ policyFile, notes }: Plan): string[] {
  const file =
    policyFile === null
      ? []
      : [
          `Serve this at ${policyFile.url}, with CR LF as line ends:`,
          ...policyFile.text
            .trim()
            .split("\r\n")
            .map((line) => `  ${line}`),
        ];
  return [...file, ...notes];
}

function asTable({ items }: Plan, compared: readonly Compared[] | null, { stdout }: Io): string {
  const width = stdout.isTty ? stdout.columns : Number.POSITIVE_INFINITY;
  if (compared === null)
    return table(
      ["NAME", "TYPE", "VALUE"],
      items.map(({ record: { name, type, value } }) => [name, type, value]),
      width,
    );
  const rows = items.map(({ record: { name, type, value } }, index) => {
    const { status, found, detail } = compared[index] as Compared;
    const wanted = status === "ok" ? "" : `; to be: ${value}`;
    const said = [detail, found.map(printableLine).join(" | ")].filter((each) => each !== null && each !== "").join(": ");
    return [status, name, type, status === "missing" ? `to be: ${value}` : `${said}${wanted}`];
  });
  return table(["STATUS", "NAME", "TYPE", "WHAT IS THERE"], rows, width);
}
