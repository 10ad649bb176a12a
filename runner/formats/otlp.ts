import { traceRequest } from "./otlp/request.js";
import { traceOf } from "./otlp/trace.js";
import { eachAlone, type Renderer } from "./renderer.js";

/** A trace a line, as the OpenTelemetry Collector reads and writes files. A run that could not be made has no trace. */
export function otlp(environment: Readonly<Record<string, string | undefined>>): Renderer {
  return eachAlone((result) => {
    const spans = traceOf(result);
    return spans.length === 0 ? "" : `${JSON.stringify(traceRequest(spans, environment))}\n`;
  });
}
