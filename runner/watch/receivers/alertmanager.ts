import type { IncidentEvent } from "../../../schemas/incident-event.js";
import type { Field, ResponseHead } from "../../net/http/message.js";
import { sendSingle } from "../../net/http/single-request.js";
import { readWebhookUrl, type WebhookAddress } from "../../queue/webhook/address.js";
import { judgeFailure, judgeResponse } from "../../queue/webhook/answer.js";
import { type Deliverer, eventsOf } from "./deliverer.js";

/** Alertmanager forgets alerts when it starts again, so clients repeat those that fire. Prometheus does so every minute, too. */
const REFRESH_MS = 60_000;
/** An alert that is not repeated for this long is resolved by Alertmanager itself: longer than a restart of this machine takes. */
const LASTS_MS = 900_000;
const ALERT_NAME = "probe_run_incident";

/** Alerts for Alertmanager's API, version 2. It groups, repeats and inhibits by its own configuration. */
export async function openAlertmanager(written: string, labels: Readonly<Record<string, string>>, environment: NodeJS.ProcessEnv): Promise<Deliverer> {
  const address = await readWebhookUrl(alertsUrl(written), environment);
  const closing = new AbortController();
  const send = async (events: readonly IncidentEvent[]): Promise<void> => {
    if (events.length > 0) await post(address, JSON.stringify(events.map((event) => alertOf(event, labels, Date.now()))), closing.signal);
  };
  return { deliver: (batch) => send(eventsOf(batch)), refresh: { everyMs: REFRESH_MS, send }, close: () => closing.abort() };
}

function alertsUrl(written: string): string {
  if (!URL.canParse(written)) return written;
  const url = new URL(written);
  url.pathname = `${url.pathname.replace(/\/$/, "")}/api/v2/alerts`;
  // Its API knows no signatures.
  const options = new URLSearchParams(url.hash.slice(1));
  if (!options.has("secret")) options.set("unsigned", "true");
  url.hash = options.toString();
  return url.href;
}

/** The labels name the check, so the end of an incident resolves the alert that its beginning raised. */
function alertOf({ time, data }: IncidentEvent, labels: Readonly<Record<string, string>>, now: number): object {
  const { suite, check, target, probe, kind, incident, reason, is_flapping: isFlapping } = data;
  const isOver = kind === "recovered" || kind === "removed";
  const name = target === null ? check : `${target} ${check}`;
  return {
    labels: { ...labels, alertname: ALERT_NAME, suite, check, ...(target === null ? {} : { target }), ...(probe === "" ? {} : { probe }) },
    annotations: {
      summary: `${name} ${kind === "unknown" ? "cannot be run" : "fails"}`,
      ...(reason === null ? {} : { description: reason }),
      incident: String(incident),
      flapping: String(isFlapping),
    },
    startsAt: data.opened_time,
    endsAt: isOver ? time : new Date(now + LASTS_MS).toISOString(),
  };
}

async function post({ url, shown, authorization, timeoutMs }: WebhookAddress, body: string, signal: AbortSignal): Promise<void> {
  const credentials: Field[] = authorization === null ? [] : [["authorization", authorization]];
  const fields: Field[] = [["content-type", "application/json"], ["user-agent", "probe-run"], ...credentials];
  const answer = await sendSingle({ method: "POST", url, fields, body, timeoutMs, signal, maxBodyBytes: 0 }).then(
    ({ head }) => judgeResponse(head as ResponseHead, shown),
    (error: unknown) => judgeFailure(error, shown, timeoutMs),
  );
  if (answer.kind !== "accepted") throw answer.error;
}
