import type { Delivery, DeliveryOptions } from "./delivery.js";
import { DeliveryService } from "./delivery-service.js";
import { deliveryOptionsFrom } from "./environment.js";
import { filledOptions } from "./options.js";

export type { BulkOptions, Delivery, DeliveryOptions, MailToSend, SendOptions } from "./delivery.js";

export function createDelivery({ env = process.env, queue = null, events = null, onTrouble = () => undefined, ...given }: DeliveryOptions = {}): Delivery {
  const options = { ...deliveryOptionsFrom(env), ...given };
  return new DeliveryService(filledOptions(options), options, { queue, events, onTrouble });
}
