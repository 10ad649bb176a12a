import type { HttpAnswer, HttpAsked } from "../net/http/serve.js";
import type { TargetPolicy } from "../run/run-targets.js";
import { liveMetrics } from "../support/metrics-registry.js";
import { labels, METRICS_TYPE, metric } from "../support/prometheus.js";
import type { Module } from "./module.js";
import { probe, probeText } from "./probe-request.js";
import { scrapeTimeoutMs, TIMEOUT_HEADER } from "./scrape-timeout.js";

/** What is served: it changes when the configuration is read again. */
export interface Served {
  readonly modules: ReadonlyMap<string, Module>;
  /** Why a module of the configuration is not served, by name. */
  readonly refused: ReadonlyMap<string, string>;
  /** When the configuration was read, in Unix time. */
  readonly readAt: number;
  /** False: a newer configuration is wrong, and this older one stays. */
  readonly isNewest: boolean;
}

export interface ExporterOptions {
  readonly policy: TargetPolicy | null;
  /** Probes at one time; more are refused. */
  readonly most: number;
}

/** The same default as blackbox_exporter's. */
const DEFAULT_MODULE = "http_2xx";
const MOST_TARGET_CHARACTERS = 2048;

/** Answers scrapes: /probe, /metrics and /healthz. */
export class Exporter {
  readonly #probes = new Map<string, number>();
  #running = 0;
  #unknown = 0;
  #busy = 0;

  constructor(
    public served: Served,
    readonly options: ExporterOptions,
  ) {}

  async answer(path: string, asked: HttpAsked): Promise<HttpAnswer> {
    if (path === "/probe") return this.#probe(asked);
    if (path === "/metrics") return { status: 200, text: this.#metrics(), type: METRICS_TYPE };
    if (path === "/healthz" || path === "/-/healthy") return { status: 200, text: "ok\n" };
    return { status: path === "/" ? 200 : 404, text: "there are /probe?target=TARGET&module=MODULE, /metrics and /healthz\n" };
  }

  /** Nothing but target, module and hostname of a URL reaches a probe: any more would make this an open proxy. */
  async #probe({ query, header, signal }: HttpAsked): Promise<HttpAnswer> {
    const name = query.get("module") || DEFAULT_MODULE;
    const module = this.served.modules.get(name);
    if (module === undefined) {
      this.#unknown += 1;
      const why = this.served.refused.get(name);
      return bad(why === undefined ? `there is no module ${JSON.stringify(name.slice(0, 100))}` : `the module ${JSON.stringify(name)} is not served: ${why}`);
    }
    const target = query.get("target") ?? "";
    if (target === "") return bad("the parameter target is missing");
    if (target.length > MOST_TARGET_CHARACTERS) return bad(`the target is longer than ${MOST_TARGET_CHARACTERS} characters`);
    const timeoutMs = scrapeTimeoutMs(header(TIMEOUT_HEADER), module.timeoutMs);
    if (timeoutMs === null) return { status: 500, text: `the header ${TIMEOUT_HEADER} is not a number of seconds\n` };
    if (this.#running >= this.options.most) {
      this.#busy += 1;
      return { status: 503, text: `${this.#running} probes are running: the limit is reached\n` };
    }
    const asked = { target, hostname: query.get("hostname") || null, timeoutMs };
    return this.#run(module, asked, query.get("debug") === "true", signal);
  }

  async #run(module: Module, asked: Parameters<typeof probe>[1], isDebug: boolean, signal: AbortSignal): Promise<HttpAnswer> {
    this.#running += 1;
    try {
      const probed = await probe(module, asked, { signal, policy: this.options.policy, isDebug });
      this.#count(module.name, probed.isSuccess ? "success" : "failure");
      return { status: 200, text: probeText(probed, module, isDebug), ...(isDebug ? {} : { type: METRICS_TYPE }) };
    } catch (error) {
      this.#count(module.name, "bug");
      throw error;
    } finally {
      this.#running -= 1;
    }
  }

  #count(module: string, result: string): void {
    const key = labels({ module, result });
    this.#probes.set(key, (this.#probes.get(key) ?? 0) + 1);
  }

  #metrics(): string {
    const { readAt, isNewest } = this.served;
    const { rss } = process.memoryUsage();
    const lines = [
      ...metric("probe_run_serve_probes_total", "counter", "Probes that ended, by module and result", [...this.#probes]),
      ...metric("probe_run_serve_running", "gauge", "Probes that run now", [["", this.#running]]),
      ...metric("probe_run_serve_refused_total", "counter", "Requests that were refused because too many probes ran", [["", this.#busy]]),
      ...metric("blackbox_module_unknown_total", "counter", "Requests for a module that is not served", [["", this.#unknown]]),
      ...metric("blackbox_exporter_config_last_reload_successful", "gauge", "1 if the newest configuration is served", [["", isNewest ? 1 : 0]]),
      ...metric("blackbox_exporter_config_last_reload_success_timestamp_seconds", "gauge", "When the served configuration was read", [["", readAt]]),
      ...metric("process_resident_memory_bytes", "gauge", "Memory of the process", [["", rss]]),
    ];
    return `${lines.map((line) => `${line}\n`).join("")}${liveMetrics()}`;
  }
}

function bad(why: string): HttpAnswer {
  return { status: 400, text: `${why}\n` };
}
