import { isUncertain } from "../../runner/net/dns/mail-route.js";
import { finding } from "../../runner/run/judge.js";
import type { Finding } from "../../schemas/finding.js";
import type { MailHost, MailRoute, TargetProblem } from "../../schemas/mx.js";

/** The problems of a domain's mail hosts that do not prevent delivery. Those that do are in the failure. */
export function judge(route: MailRoute): Finding[] {
  return [...nullMxFindings(route), ...route.hosts.flatMap((host) => (route.kind === "implicit" ? refusedFindings(host) : hostFindings(host)))];
}

/** RFC 7505, section 3: a null MX must be the only MX record. */
function nullMxFindings({ ascii_domain: domain, kind, null_mx: hasNullMx, hosts }: MailRoute): Finding[] {
  if (!hasNullMx || kind === "null_mx") return [];
  const others = hosts.map(({ host }) => host).join(", ");
  return [
    finding(
      "warning",
      "null_mx_with_others",
      `${domain} says with a null MX that it takes no mail, and names mail hosts beside it: ${others}`,
      "a null MX alone",
      others,
    ),
  ];
}

function hostFindings(host: MailHost): Finding[] {
  if (host.problem !== null && host.problem !== "not_a_host_name") return [problemFinding(host.host, host.problem)];
  const problem = host.problem === null ? [] : [problemFinding(host.host, host.problem)];
  return [...problem, ...aliasFindings(host), ...lookUpFindings(host), ...refusedFindings(host)];
}

const PROBLEMS: Readonly<Record<TargetProblem, string>> = {
  address: "is an IP address: an MX record names a host (RFC 5321, section 5.1)",
  localhost: "is the local machine of the client",
  not_a_name: "cannot be a domain name",
  not_a_host_name: "is no host name: its labels are letters, digits and hyphens (RFC 1123, section 2.1)",
};

function problemFinding(host: string, problem: TargetProblem): Finding {
  return finding("warning", `mx_${problem}`, `the mail host ${JSON.stringify(host)} ${PROBLEMS[problem]}`, "a host name", host);
}

function aliasFindings({ host, aliases }: MailHost): Finding[] {
  if (aliases.length === 0) return [];
  return [
    finding(
      "warning",
      "mx_alias",
      `the mail host ${host} is an alias of ${aliases.join(", ")}: an MX record names a host itself (RFC 2181, section 10.3)`,
      "no CNAME",
      aliases.join(", "),
    ),
  ];
}

function lookUpFindings({ host, ipv4, ipv6, addresses }: MailHost): Finding[] {
  const asked = [ipv4, ipv6].filter((outcome) => outcome !== null);
  if (asked.length === 0) return [finding("warning", "too_many_hosts", `the addresses of ${host} were not looked up: there are too many mail hosts before it`)];
  const unsure = asked.find(isUncertain);
  if (unsure !== undefined)
    return [finding("warning", "mx_lookup_failed", `the name servers did not return all addresses of the mail host ${host}`, "found", unsure)];
  return addresses.length > 0 ? [] : [finding("warning", "mx_without_address", `the mail host ${host} has no address`, "an address", asked.join(", "))];
}

function refusedFindings({ host, addresses }: MailHost): Finding[] {
  return addresses
    .filter(({ may_be_dialled: mayBeDialled }) => !mayBeDialled)
    .map(({ ip_address: address, scope, standard }) =>
      finding("warning", "address_refused", `${host} has the address ${address}, which is not allowed: it is not global (${standard})`, "global", scope),
    );
}
