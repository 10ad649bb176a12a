import type { Delivery, DeliveryOptions } from "./service/delivery.js";
import { DeliveryService } from "./service/delivery-service.js";
import { deliveryOptionsFrom } from "./service/environment.js";
import { filledOptions } from "./service/options.js";

export type { BulkOptions, Delivery, DeliveryOptions, MailToSend, SendOptions } from "./service/delivery.js";

export function createDelivery({ env = process.env, queue = null, events = null, onTrouble = () => undefined, ...given }: DeliveryOptions = {}): Delivery {
  const options = { ...deliveryOptionsFrom(env), ...given };
  return new DeliveryService(filledOptions(options), options, { queue, events, onTrouble });
}
