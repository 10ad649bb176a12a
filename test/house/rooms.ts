/**
 * The rooms of runner/, and the rooms each may import besides schemas/. Ground first: a room stands only on rooms above it in this table.
 * docs/architecture.md says what each room is for.
 */
export const ROOMS: Readonly<Record<string, readonly string[]>> = {
  support: [],
  asn1: [],
  xml: [],
  sqlite: ["support"],
  limits: ["support"],
  run: ["support"],
  program: ["run"],
  net: ["support", "asn1", "limits", "run", "program", "sqlite"],
  browser: ["support", "run", "program", "net"],
  replies: ["net"],
  "tls-policy": ["support", "run", "net", "sqlite"],
  mail: ["support", "asn1", "xml", "net", "run", "replies", "tls-policy"],
  "mail-sites": ["support", "sqlite", "limits", "run", "net"],
  posture: ["support", "asn1", "xml", "run", "net", "tls-policy", "mail"],
  assertions: [],
  harness: ["support", "limits", "run"],
  formats: ["support", "run", "net", "harness"],
  "service-check": ["run", "net"],
  data: ["assertions", "run", "net", "harness"],
  "tls-scan": ["asn1", "run", "net", "harness"],
  processes: ["support", "run", "harness"],
  queue: ["support", "sqlite", "limits", "run", "net", "harness"],
  delivery: ["support", "sqlite", "limits", "run", "net", "replies", "tls-policy", "mail", "mail-sites", "harness", "queue"],
  lab: ["support", "asn1", "run", "net", "mail"],
  suite: ["support", "assertions", "harness", "lab"],
  history: ["support", "sqlite"],
  watch: ["support", "run", "program", "net", "harness", "queue", "suite", "history"],
  report: ["support"],
  serve: ["support", "run", "net", "assertions", "harness", "formats", "suite", "history", "watch", "report"],
  vitest: ["support", "harness", "lab", "suite"],
  cli: [
    "support",
    "sqlite",
    "limits",
    "run",
    "net",
    "mail",
    "posture",
    "mail-sites",
    "harness",
    "formats",
    "processes",
    "queue",
    "delivery",
    "lab",
    "suite",
    "history",
    "watch",
    "report",
    "serve",
    "vitest",
  ],
};

/** Files that may import what their room may not, each with its reason. */
export const EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  // The generated index of our probes, which holds lazy imports only.
  "runner/harness/registry.ts": ["probes/index.ts"],
  // The generated tables of what our probes and their labs say of themselves, which import none of them.
  "runner/harness/catalogue.ts": ["probes/catalogue.ts", "probes/labs.ts"],
  // An entry point registers the capabilities of the house.
  "runner/vitest/index.ts": ["runner/capabilities.ts"],
  "runner/cli/main.ts": ["runner/capabilities.ts"],
  "runner/processes/child-main.ts": ["runner/capabilities.ts"],
};
