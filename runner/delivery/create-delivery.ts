import { RequestError } from "../support/request-error.js";
import type { Delivery, DeliveryOptions } from "./service/delivery.js";
import { DeliveryService } from "./service/delivery-service.js";
import { deliveryOptionsFrom } from "./service/environment.js";
import { filledOptions } from "./service/options.js";

export type { BulkOptions, Delivery, DeliveryOptions, MailToSend, SendOptions } from "./service/delivery.js";

/** A delivery service in this process, configured by its options and, where they are silent, by the environment. */
export function createDelivery(options: DeliveryOptions = {}): Delivery {
  if (options === null || typeof options !== "object") throw new RequestError("the options of the delivery service must be an object", "invalid_input");
  const { env = process.env, queue = null, events = null, onTrouble = () => undefined, ...own } = options;
  const given = { ...deliveryOptionsFrom(env), ...own };
  return new DeliveryService(filledOptions(given), given, { queue, events, onTrouble });
}
