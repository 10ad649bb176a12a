import type { Arguments } from "../arguments.js";

export const options = {
  "mail-host": { value: "HOST", description: "The host that sends and takes the domain's mail (mail.<domain>)." },
  address: { value: "IP", repeated: true, description: "An address of it, for A, PTR and SPF." },
  include: { value: "NAME", repeated: true, description: "Somebody else who sends for the domain: the name behind include: in SPF." },
  keys: { value: "DIR", description: "The folder of DKIM keys (.probe-run/dkim): the domain's own are published." },
  selector: { value: "NAME", description: "Only this key of the folder." },
  dmarc: { value: "POLICY", description: "none, quarantine or reject (none)." },
  reports: { value: "ADDRESS", description: "Who gets the reports of DMARC and TLS (postmaster@<domain>)." },
  "mta-sts": { value: "MODE", description: "testing, enforce or none (testing)." },
  dane: { value: "FILE", description: "The mail host's certificate in PEM, for a TLSA record." },
  check: { description: "Ask for what is there, and say what is missing or differs; exits 1 where something is." },
  resolver: { value: "ADDRESS", repeated: true, description: "With --check: ask this name server instead of the system's." },
  zone: { description: "Print lines for a zone file instead of a table; records of other zones stand in a section of their own, as comments." },
  "name-server": { value: "HOST", repeated: true, description: "With --zone: print a whole new zone, with SOA and NS records, served by this host." },
  json: { description: "Print JSON." },
} as const;

export type DnsGiven = Arguments<typeof options>["options"];
