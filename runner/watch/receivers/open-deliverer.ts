import { openAlertmanager } from "./alertmanager.js";
import type { Deliverer } from "./deliverer.js";
import { openMail } from "./mail.js";
import { openProgram } from "./program.js";
import type { Receiver } from "./receiver.js";
import { openWebhook } from "./webhook.js";

/** Rejects with a RequestError if the receiver's settings cannot be used. */
export async function openDeliverer(receiver: Receiver, environment: NodeJS.ProcessEnv): Promise<Deliverer> {
  if (receiver.kind === "webhook") return openWebhook(receiver.to, environment);
  if (receiver.kind === "alertmanager") return openAlertmanager(receiver.to, receiver.labels, environment);
  return receiver.kind === "mail" ? openMail(receiver.to, receiver.send) : openProgram(receiver.command, receiver.timeoutMs, environment);
}
