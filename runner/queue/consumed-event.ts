import type { Contract } from "../../schemas/contract.js";
import { DELIVERY_EVENT_TYPE, type DeliveryEvent, deliveryEventContract } from "../../schemas/delivery-event.js";
import { type ResultEvent, resultEventContract } from "../../schemas/result-event.js";
import { violationsOf } from "../support/violations.js";
import { readEvent } from "./read-event.js";

/** The events among the results of a queue; `type` tells them apart. */
export type ConsumedEvent = ResultEvent | DeliveryEvent;

/** The event in a message, or what is wrong with it. */
export function readConsumedEvent(body: string): ConsumedEvent | string {
  const event = readEvent(body);
  if (typeof event === "string") return event;
  const isOfDelivery = "type" in event && event.type === DELIVERY_EVENT_TYPE;
  const fitting: Contract = isOfDelivery ? deliveryEventContract : resultEventContract;
  if (fitting.validator(event)) return event as ConsumedEvent;
  const words = fitting.faults(event);
  return `it is not a ${isOfDelivery ? "delivery event" : "result"}: ${violationsOf(words)
    .map(({ pointer, message }) => `${pointer} ${message}`)
    .join("; ")}`;
}
