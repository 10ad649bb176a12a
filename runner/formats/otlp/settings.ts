import { RequestError } from "../../support/request-error.js";
import { keyValueList } from "./request.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where traces are sent, by the environment variables of the OpenTelemetry Protocol Exporter specification. */
export interface ExportSettings {
  readonly url: string;
  /** For people: without the query, which may hold a token. */
  readonly shown: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

const PREFIX = "OTEL_EXPORTER_OTLP_";
const DEFAULT_ENDPOINT = "http://localhost:4318";
const DEFAULT_TIMEOUT_MS = 10_000;

export function exportSettings(environment: Environment): ExportSettings {
  const { protocol, headers, timeout } = {
    protocol: either(environment, "PROTOCOL"),
    headers: either(environment, "HEADERS"),
    timeout: either(environment, "TIMEOUT"),
  };
  if (protocol === "grpc") throw unusable("PROTOCOL", "traces are sent by HTTP only: set it to http/json, and the endpoint to the HTTP port (4318)");
  const url = endpointOf(environment);
  return { url: url.href, shown: `${url.origin}${url.pathname}`, headers: headersOf(headers), timeoutMs: timeoutOf(timeout) };
}

/** The variable for traces wins over the one for every signal. An empty variable is as one that is not set. */
function either(environment: Environment, name: string): string {
  return environment[`${PREFIX}TRACES_${name}`] || environment[`${PREFIX}${name}`] || "";
}

/** An endpoint for traces is used as it stands; to the one for every signal the path is added. */
function endpointOf(environment: Environment): URL {
  const own = environment[`${PREFIX}TRACES_ENDPOINT`] || null;
  const written = own ?? `${withoutSlash(environment[`${PREFIX}ENDPOINT`] || DEFAULT_ENDPOINT)}/v1/traces`;
  const name = own === null ? "ENDPOINT" : "TRACES_ENDPOINT";
  const url = URL.canParse(written) ? new URL(written) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) throw unusable(name, "it is no URL that begins with http:// or https://");
  if (url.username !== "" || url.password !== "") throw unusable(name, `give credentials in ${PREFIX}HEADERS, not in the URL`);
  return url;
}

function withoutSlash(written: string): string {
  return written.endsWith("/") ? withoutSlash(written.slice(0, -1)) : written;
}

function headersOf(written: string): Record<string, string> {
  const headers = keyValueList(written);
  // What a header holds is never shown: it is a token more often than not.
  const isWrong = headers.some(([name, value]) => !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || !/^[\t\u0020-\u007e]*$/.test(value));
  if (isWrong || (written !== "" && headers.length === 0)) throw unusable("HEADERS", "write name=value, with commas between them and values percent-encoded");
  return Object.fromEntries(headers);
}

function timeoutOf(written: string): number {
  if (written === "") return DEFAULT_TIMEOUT_MS;
  if (!/^\d{1,7}$/.test(written) || Number(written) === 0) throw unusable("TIMEOUT", "it is a whole number of milliseconds");
  return Number(written);
}

function unusable(name: string, message: string): RequestError {
  return new RequestError(`${PREFIX}${name} cannot be used`, "usage", [{ pointer: "", message, hint: null }]);
}
