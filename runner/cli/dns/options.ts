import { DMARC_POLICIES } from "../../../schemas/dmarc.js";
import { STS_MODES } from "../../mail/dns-plan/plan.js";
import type { Arguments } from "../arguments.js";

export const options = {
  "mail-host": { value: "HOST", description: "The host that sends and receives the domain's mail (mail.<domain>)." },
  address: { value: "IP", repeated: true, description: "IP address of that host, for A, PTR and SPF." },
  include: { value: "NAME", repeated: true, description: "Another sender for the domain: the name after include: in SPF." },
  keys: { value: "DIR", description: "The folder of DKIM keys (.probe-run/dkim) whose records are planned." },
  selector: { value: "NAME", description: "Use only this key of the folder." },
  dmarc: { value: "POLICY", choices: DMARC_POLICIES, description: "none, quarantine or reject (none)." },
  reports: { value: "ADDRESS", description: "Recipient of DMARC and TLS reports (postmaster@<domain>)." },
  "mta-sts": { value: "MODE", choices: STS_MODES, description: "testing, enforce or none (testing)." },
  dane: { value: "FILE", description: "PEM certificate of the mail host, for a TLSA record." },
  check: { description: "Compare with the published records; exits 1 if one is missing or differs." },
  resolver: { value: "ADDRESS", repeated: true, description: "With --check: ask this name server instead of the system's." },
  zone: { description: "Print zone file lines instead of a table; records of other zones are in a section of their own, as comments." },
  "name-server": { value: "HOST", repeated: true, description: "With --zone: print a whole new zone, with SOA and NS records, served by this host." },
  json: { description: "Print JSON." },
} as const;

export type DnsGiven = Arguments<typeof options>["options"];
