import type { BrowserPage, LoggedRequest } from "../../runner/browser/browser-page.js";
import { round } from "../../runner/run/clock.js";
import type { Output } from "./schema.js";

type Seen = Pick<
  Output,
  | "final_url"
  | "browser"
  | "console_errors"
  | "console_error_count"
  | "failed_requests"
  | "failed_request_count"
  | "third_parties"
  | "request_count"
  | "received_bytes"
  | "sent_bytes"
  | "waterfall"
  | "dialogs"
  | "downloads"
  | "popup_count"
>;

const MAX_FAILED = 50;
const MAX_THIRD_PARTIES = 100;
const MAX_WATERFALL = 200;
const MAX_URL = 2048;
const MAX_TEXT = 1000;

export const NOTHING_SEEN: Seen = {
  ...{ final_url: null, browser: null, console_errors: [], console_error_count: 0, failed_requests: [], failed_request_count: 0 },
  ...{ third_parties: [], request_count: 0, received_bytes: 0, sent_bytes: 0, waterfall: [], dialogs: [], downloads: [], popup_count: 0 },
};

/** What the session has seen, within limits. `mask` comes before a text is cut: half a secret would not be recognised later. */
export function evidenceOf(session: BrowserPage, beganAt: number, ownHost: string): Seen {
  const shown = (text: string, most: number): string => session.mask(text.slice(0, most * 4)).slice(0, most);
  const url = (written: string): string => shown(written, MAX_URL);
  // The wall clock of the browser, on the clock of the run.
  const began = performance.timeOrigin + beganAt;
  const { log, events, traffic, product } = session;
  const failed = log.requests.filter(({ error }) => error !== null);
  return {
    final_url: session.url === "about:blank" ? null : url(session.url),
    browser: product,
    console_errors: events.consoleErrors.map((error) => ({ ...error, text: shown(error.text, MAX_TEXT), url: error.url === null ? null : url(error.url) })),
    console_error_count: events.consoleErrorCount,
    failed_requests: failed
      .slice(0, MAX_FAILED)
      .map(({ url: of, resourceType, error }) => ({ url: url(of), resource_type: resourceType, error: error as string })),
    failed_request_count: log.failedCount,
    third_parties: thirdPartiesOf(log.requests, ownHost),
    request_count: log.count,
    received_bytes: traffic.received,
    sent_bytes: traffic.sent,
    waterfall: log.requests.slice(0, MAX_WATERFALL).map((request) => ({
      ...{ url: url(request.url), method: request.method, resource_type: request.resourceType },
      at_ms: round(Math.max(0, request.startedAt - began)),
      duration_ms: rounded(request.durationMs),
      ...{ connect_ms: rounded(request.connectMs), tls_ms: rounded(request.tlsMs), wait_ms: rounded(request.waitMs), receive_ms: rounded(request.receiveMs) },
      ...{ status: request.status, received_bytes: request.bytes, third_party: isThirdParty(hostOf(request), ownHost), error: request.error },
    })),
    dialogs: events.dialogs.map(({ type, message }) => ({ type, message: shown(message, MAX_TEXT) })),
    downloads: events.downloads.map(url),
    popup_count: events.popups,
  };
}

function thirdPartiesOf(requests: readonly LoggedRequest[], ownHost: string): Output["third_parties"] {
  const byHost = new Map<string, { requests: number; received_bytes: number }>();
  for (const request of requests) {
    const host = hostOf(request);
    if (!isThirdParty(host, ownHost)) continue;
    const known = byHost.get(host) ?? { requests: 0, received_bytes: 0 };
    byHost.set(host, { requests: known.requests + 1, received_bytes: known.received_bytes + (request.bytes ?? 0) });
  }
  return [...byHost]
    .map(([host, sums]) => ({ host, ...sums }))
    .sort((a, b) => b.received_bytes - a.received_bytes || a.host.localeCompare(b.host))
    .slice(0, MAX_THIRD_PARTIES);
}

/** www is a name for the same site. */
function isThirdParty(host: string, ownHost: string): boolean {
  const own = ownHost.replace(/^www\./, "");
  return host !== "" && host !== own && !host.endsWith(`.${own}`);
}

function hostOf({ url }: LoggedRequest): string {
  return URL.canParse(url) ? new URL(url).hostname : "";
}

function rounded(milliseconds: number | null): number | null {
  return milliseconds === null ? null : round(milliseconds);
}
