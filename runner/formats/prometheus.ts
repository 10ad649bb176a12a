import { runMetrics } from "./metrics/run-metrics.js";
import { metricsText, type Series } from "./metrics/series.js";
import type { Renderer } from "./renderer.js";
import type { RunResult } from "./run-result.js";

/** Prometheus' text format. Samples of a metric stand together, so all of it is written at the end. */
export function prometheus(): Renderer {
  const all: Series[][] = [];
  return {
    present(result, index) {
      all[index] = seriesOf(result);
      return "";
    },
    item: (text) => text,
    end: () => metricsText(all.flat()),
  };
}

/** A run that could not be made is no success, and nothing else is known of it. */
function seriesOf({ probe, target, report }: RunResult): Series[] {
  const which = { probe, ...(target === null ? {} : { target }) };
  const found: readonly Series[] = report === null ? [{ name: "probe_success", labels: {}, value: 0 }] : runMetrics(report);
  return found.map(({ name, labels, value }) => ({ name, labels: { ...which, ...labels }, value }));
}
