import type { LoggedRequest } from "./browser-page.js";

/** Fields whose values are credentials, or identify a person. */
const PRIVATE_FIELDS = new Set(["cookie", "set-cookie", "authorization", "proxy-authorization"]);

/** The requests in the HTTP Archive format 1.2, without bodies and without credentials. */
export function harOf(requests: readonly LoggedRequest[], browser: string, version: string): object {
  return {
    log: {
      version: "1.2",
      creator: { name: "probe-run", version },
      browser: { name: "Chromium", version: browser },
      pages: [],
      entries: requests.map(entryOf),
    },
  };
}

function entryOf(request: LoggedRequest): object {
  const { url, method, startedAt, durationMs, status, error, bytes, requestHeaders, responseHeaders } = request;
  const query = URL.canParse(url) ? [...new URL(url).searchParams].map(([name, value]) => ({ name, value })) : [];
  const unknown = { httpVersion: "unknown", cookies: [], headersSize: -1, bodySize: -1 };
  return {
    startedDateTime: new Date(startedAt).toISOString(),
    time: durationMs ?? 0,
    request: { ...unknown, method, url, headers: fieldsOf(requestHeaders), queryString: query },
    response: {
      ...{ ...unknown, bodySize: bytes ?? -1 },
      status: status ?? 0,
      statusText: "",
      headers: fieldsOf(responseHeaders),
      redirectURL: responseHeaders.location ?? "",
      content: { size: bytes ?? 0, mimeType: responseHeaders["content-type"] ?? "" },
      ...(error === null ? {} : { _error: error }),
    },
    cache: {},
    timings: timingsOf(request),
    _resourceType: request.resourceType,
  };
}

/** -1 says that a part does not apply. */
function timingsOf({ connectMs, tlsMs, waitMs, receiveMs, durationMs }: LoggedRequest): object {
  const known = (connectMs ?? 0) + (waitMs ?? 0) + (receiveMs ?? 0);
  const blocked = Math.max(0, (durationMs ?? 0) - known);
  return { blocked, dns: -1, connect: connectMs ?? -1, ssl: tlsMs ?? -1, send: 0, wait: waitMs ?? 0, receive: receiveMs ?? 0 };
}

function fieldsOf(headers: Readonly<Record<string, string>>): object[] {
  return Object.entries(headers).map(([name, value]) => ({ name, value: PRIVATE_FIELDS.has(name.toLowerCase()) ? "[removed]" : value }));
}
