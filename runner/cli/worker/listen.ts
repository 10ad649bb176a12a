import { type HttpAnswer, type HttpServing, serveHttp } from "../../net/http/serve.js";
import { metricsText } from "../../queue/metrics.js";
import { liveMetrics } from "../../support/metrics-registry.js";
import { METRICS_TYPE } from "../../support/prometheus.js";
import { listenAddress } from "../listen-address.js";
import type { Monitor } from "./monitor.js";

/** /healthz: the process is up. /readyz: it claims jobs, and the store answers. /metrics: Prometheus. */
export function listen(written: string, names: readonly string[], monitor: Monitor, isStopping: () => boolean): Promise<HttpServing> {
  const pages: Readonly<Record<string, () => Promise<HttpAnswer>>> = {
    "/healthz": async () => ({ status: 200, text: "ok\n" }),
    "/readyz": async () => {
      const why = isStopping() ? "the worker is stopping" : (await monitor.ask()) === null ? "the queue does not answer" : null;
      return { status: why === null ? 200 : 503, text: `${why ?? "ok"}\n` };
    },
    "/metrics": async () => {
      await monitor.ask();
      return { status: 200, text: `${metricsText(monitor.snapshot)}${liveMetrics()}`, type: METRICS_TYPE };
    },
  };
  const answer = async (path: string): Promise<HttpAnswer> => {
    const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
    return page === undefined ? { status: 404, text: `not found; the pages are ${Object.keys(pages).join(", ")}\n` } : page();
  };
  return serveHttp(listenAddress(written), answer, { hosts: () => names });
}
