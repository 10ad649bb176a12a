import { json } from "./json.js";
import { jsonl } from "./jsonl.js";
import type { Renderer, Setting } from "./renderer.js";

type Environment = Readonly<Record<string, string | undefined>>;

interface Format {
  /** What reads it. */
  readonly readBy: string;
  readonly open: (setting: Setting, environment: Environment) => Renderer | Promise<Renderer>;
}

/** Every format of results. A plain run loads the first two only. */
export const FORMATS = {
  json: { readBy: "jq, and any program", open: json },
  jsonl: { readBy: "log shippers, jq -c, databases", open: jsonl },
  pretty: { readBy: "people, in a terminal", open: async (setting) => (await import("./pretty/pretty.js")).pretty(setting) },
  nagios: { readBy: "Nagios, Icinga, Naemon, Checkmk, NRPE", open: async (setting) => (await import("./nagios.js")).nagios(setting) },
  prometheus: { readBy: "Prometheus: node_exporter's textfile collector, Pushgateway", open: async () => (await import("./prometheus.js")).prometheus() },
  tap: { readBy: "prove, and other TAP consumers", open: async () => (await import("./tap.js")).tap() },
  junit: { readBy: "Jenkins, GitLab, Azure Pipelines and other build servers", open: async () => (await import("./junit.js")).junit() },
  github: { readBy: "GitHub Actions", open: async () => (await import("./github.js")).github() },
  otlp: {
    readBy: "the OpenTelemetry Collector's OTLP JSON file receiver",
    open: async (_setting, environment) => (await import("./otlp.js")).otlp(environment),
  },
} as const satisfies Readonly<Record<string, Format>>;

export type FormatName = keyof typeof FORMATS;

export const FORMAT_NAMES = Object.keys(FORMATS) as FormatName[];
