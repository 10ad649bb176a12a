import { packageVersion } from "../../support/package-root.js";
import { attributes, type KeyValue, type Span } from "./span.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** The message ExportTraceServiceRequest, which is also a line of a file of traces. */
export function traceRequest(spans: readonly Span[], environment: Environment): object {
  return {
    resourceSpans: [
      {
        resource: { attributes: resourceAttributes(environment) },
        scopeSpans: [{ scope: { name: "probe-run", version: packageVersion() }, spans }],
      },
    ],
  };
}

/** OTEL_SERVICE_NAME wins over a service.name in OTEL_RESOURCE_ATTRIBUTES (OpenTelemetry, "General SDK Configuration"). */
function resourceAttributes(environment: Environment): KeyValue[] {
  const given = Object.fromEntries(keyValueList(environment.OTEL_RESOURCE_ATTRIBUTES ?? ""));
  const name = environment.OTEL_SERVICE_NAME ?? "";
  return attributes({ "service.name": "probe-run", "service.version": packageVersion(), ...given, ...(name === "" ? {} : { "service.name": name }) });
}

/** `key=value,key2=value2`, the values percent-encoded as in W3C Baggage. What is no pair is left out. */
export function keyValueList(written: string): [string, string][] {
  return written.split(",").flatMap((pair) => {
    const equals = pair.indexOf("=");
    const key = pair.slice(0, Math.max(0, equals)).trim();
    return key === "" ? [] : [[key, percentDecoded(pair.slice(equals + 1).trim())] as [string, string]];
  });
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
