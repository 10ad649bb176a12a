import { failedAssertions, show } from "../../runner/assertions/assertions.js";
import type { Exchange } from "../../runner/net/http/exchange.js";
import { fieldValue } from "../../runner/net/http/message.js";
import { finding } from "../../runner/run/judge.js";
import { certificateFindings } from "../../runner/service-check/certificate-findings.js";
import type { Failure } from "../../schemas/failure.js";
import type { Finding } from "../../schemas/finding.js";
import type { HttpPhases } from "../../schemas/http.js";
import { textOf } from "./body.js";
import type { Expectations, Input, Output } from "./schema.js";

type Seen = Pick<Output, "final_url" | "hops" | "body" | "matches" | "websocket" | "event" | "http3"> & { readonly failure: Failure | null };

/** Judges the results: certificates, redirects and both kinds of expectations. A run that ended early is judged by its failure. */
export function judge(input: Input, exchanges: readonly Exchange[], seen: Seen, durationMs: number): Finding[] {
  const findings = [...seen.hops.flatMap(({ tls }) => certificateFindings(tls, input.tls, tls?.servername ?? "the host")), ...downgrades(seen)];
  if (seen.failure !== null) return findings;
  const last = exchanges.at(-1) as Exchange;
  findings.push(...missingConversation(input, last, seen));
  if (seen.body?.truncated === true && !input.events)
    findings.push(
      finding("warning", "body_truncated", `the body is longer than max_body_bytes: only its beginning was read`, input.max_body_bytes, seen.body.bytes),
    );
  for (const [severity, wanted] of [
    ["error", withUsualStatus(input)],
    ["warning", input.prefer ?? {}],
  ] as const)
    findings.push(...unmetExpectations(severity, wanted, last, seen, durationMs));
  return findings;
}

/** Without another expectation, a client or server error is an error. */
function withUsualStatus({ expect }: Input): Expectations {
  return { ...expect, status: expect?.status ?? { below: 400 } };
}

/** What was asked for beside a response: a WebSocket, or a stream of events. */
function missingConversation({ websocket, events }: Input, { head }: Exchange, seen: Seen): Finding[] {
  if (websocket !== undefined && seen.websocket === null)
    return [finding("error", "websocket_refused", `the server did not open a WebSocket: it answered ${head?.status}`, 101, String(head?.status))];
  if (!events) return [];
  const type = seen.body?.content_type ?? null;
  if (type !== "text/event-stream")
    return [finding("error", "no_event_stream", `the response is ${type ?? "without a media type"}, not a stream of events`, "text/event-stream", type)];
  return seen.event === null ? [finding("error", "no_event", "the stream ended before its first event was complete")] : [];
}

function downgrades({ hops }: Seen): Finding[] {
  return hops.flatMap(({ url }, index) => {
    const before = hops[index - 1];
    if (before === undefined || !before.url.startsWith("https:") || !url.startsWith("http:")) return [];
    return [finding("warning", "redirect_downgrade", `${before.url} redirects from https: to ${url}`, "https:", "http:")];
  });
}

function unmetExpectations(severity: Finding["severity"], wanted: Expectations, last: Exchange, seen: Seen, durationMs: number): Finding[] {
  const differs = (reason: string, what: string, expected: unknown, actual: unknown): Finding[] => {
    const phrases = failedAssertions(expected, actual);
    return phrases.length === 0
      ? []
      : [finding(severity, reason, `${what}: expected ${phrases.join(" and ")}, got ${show(actual)}`, phrases.join(" and "), show(actual))];
  };
  const given = (name: keyof Expectations, check: () => Finding[]): Finding[] => (wanted[name] === undefined ? [] : check());
  const fields = last.head?.fields ?? [];
  return [
    ...given("status", () =>
      differs("status_unexpected", "the status code", Array.isArray(wanted.status) ? { in: wanted.status } : wanted.status, last.head?.status),
    ),
    ...Object.entries(wanted.headers ?? {}).flatMap(([name, expected]) =>
      differs("header_differs", `the header ${name}`, expected, fieldValue(fields, name.toLowerCase())),
    ),
    ...given("body", () => bodyFindings(severity, wanted.body, textOf(last), seen, differs)),
    ...given("message", () => differs("message_differs", "the message", wanted.message, seen.websocket?.message ?? seen.event?.data ?? null)),
    ...given("url", () => differs("url_differs", "the last URL", wanted.url, seen.final_url)),
    ...given("http_version", () => differs("http_version_differs", "the HTTP version", wanted.http_version, last.head?.version)),
    ...given("http3", () => differs("http3_differs", "an answer of QUIC", wanted.http3, seen.http3?.answered ?? null)),
    ...given("max_redirects", () => differs("too_many_redirects", "the number of redirects", { max: wanted.max_redirects }, seen.hops.length - 1)),
    ...timeFindings(severity, wanted, seen, durationMs),
    ...tlsFindings(wanted, seen, differs),
  ];
}

type Differs = (reason: string, what: string, expected: unknown, actual: unknown) => Finding[];

/** An expression sees another part of the body than the other assertions: what it found is known already. */
function bodyFindings(severity: Finding["severity"], expected: unknown, text: string | null, { matches }: Seen, differs: Differs): Finding[] {
  const { matches: pattern, ...others } = (expected !== null && typeof expected === "object" && !Array.isArray(expected) ? expected : { equals: expected }) as {
    matches?: string;
  };
  const isUnmatched = matches.some((each) => each.target === "body" && each.severity === severity && each.assertion === "matches" && each.found === null);
  return [
    ...(isUnmatched ? differs("body_differs", "the body", { matches: pattern }, null) : []),
    ...(Object.keys(others).length === 0 ? [] : differs("body_differs", "the body", others, text)),
  ];
}

const PHASES = ["resolve", "connect", "tls", "first_byte", "body"] as const;

function timeFindings(severity: Finding["severity"], wanted: Expectations, { hops }: Seen, durationMs: number): Finding[] {
  const total = (phase: keyof HttpPhases): number => hops.reduce((sum, { phases }) => sum + (phases[phase] ?? 0), 0);
  const slow = (name: string, limit: number | undefined, actual: number): Finding[] =>
    limit === undefined || actual <= limit ? [] : [finding(severity, `slow_${name}`, `${name} took ${actual.toFixed(3)} ms`, limit, actual.toFixed(3))];
  return [...PHASES.flatMap((phase) => slow(phase, wanted[`max_${phase}_ms`], total(`${phase}_ms`))), ...slow("run", wanted.max_duration_ms, durationMs)];
}

function tlsFindings(wanted: Expectations, { hops }: Seen, differs: Differs): Finding[] {
  return hops.flatMap(({ url, tls }) => [
    ...(wanted.min_tls_version === undefined || (tls !== null && tls.version >= wanted.min_tls_version)
      ? []
      : differs("tls_too_old", `TLS of ${url}`, wanted.min_tls_version, tls?.version ?? null)),
    ...(wanted.min_certificate_days === undefined
      ? []
      : differs(
          "certificate_expires_soon",
          `days left of the certificate of ${url}`,
          { min: wanted.min_certificate_days },
          tls?.certificate?.days_left ?? null,
        )),
  ]);
}
