import type { Commands } from "./command.js";

/** All commands, in the order of the help. Each is imported on demand. */
export const COMMANDS = {
  run: { summary: "Run a probe and print its envelope; the word run may be left out.", load: () => import("./run.js") },
  rcpt: { summary: "Check whether mailboxes accept mail, without sending any.", load: () => import("./rcpt.js") },
  posture: { summary: "Examine how a domain's mail is set up, and say what to change.", load: () => import("./posture.js") },
  verify: { summary: "Verify a received message: SPF, DKIM, DMARC and ARC.", load: () => import("./verify.js") },
  reports: { summary: "Sum up reports of DMARC and TLS that receivers sent about a domain.", load: () => import("./reports.js") },
  dkim: { summary: "Make a DKIM key with its DNS record, and check one.", load: () => import("./dkim.js") },
  dns: { summary: "Plan the DNS records that a domain's mail needs, and check them.", load: () => import("./dns.js") },
  list: { summary: "List every probe.", load: () => import("./list.js") },
  describe: { summary: "Show a probe's input and output fields.", load: () => import("./describe.js") },
  schema: { summary: "Print the JSON Schema of a probe's input or output.", load: () => import("./schema.js") },
  lab: { summary: "Start local servers to try the probes on.", load: () => import("./lab.js") },
  new: { summary: "Create a new probe with its test and transcript.", load: () => import("./new.js") },
  doctor: { summary: "Check what this machine can do, and say what to change.", load: () => import("./doctor.js") },
  completion: { summary: "Print a completion script for bash, zsh or fish.", load: () => import("./completion.js") },
  enqueue: { summary: "Store inputs as jobs in a queue.", load: () => import("./enqueue.js") },
  work: { summary: "Process the jobs in a queue.", load: () => import("./work.js") },
  consume: { summary: "Deliver a queue's results to stdout, a program or a URL.", load: () => import("./consume.js") },
  queue: { summary: "Inspect a queue; pause, retry and purge it.", load: () => import("./queue.js") },
  suppress: { summary: "Manage the suppression list of mail.deliver.", load: () => import("./suppress.js") },
  serve: { summary: "Serve probes to Prometheus over HTTP, as blackbox_exporter does.", load: () => import("./serve.js") },
  watch: { summary: "Watch a suite on schedule, with history and alerts.", load: () => import("./watch.js") },
  init: { summary: "Write a suite to watch, a service, and Prometheus with Grafana.", load: () => import("./init.js") },
  report: { summary: "Make an HTML page of results.", load: () => import("./report.js") },
  test: { summary: "Run suites of checks on vitest.", load: () => import("./test.js") },
} as const satisfies Commands;

export type CommandName = keyof typeof COMMANDS;

export function isCommand(word: string): word is CommandName {
  return Object.hasOwn(COMMANDS, word);
}
