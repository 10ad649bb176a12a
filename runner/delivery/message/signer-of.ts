import type { DeliverySettings } from "../../../schemas/delivery-settings.js";
import { resolved } from "../../../schemas/secret.js";
import { givenKeys } from "../../mail/dkim/given-keys.js";
import { keyFolder } from "../../mail/dkim/key-folder.js";
import { createSigner, type Signer } from "../../mail/dkim/signer.js";

/** Null if no signatures are requested. Given keys take precedence over a folder. */
export function signerOf(keys: DeliverySettings["dkim"], folder: string | null): Signer | null {
  if (keys.length > 0)
    return createSigner({ keys: givenKeys(keys.map(({ domain, selector, private_key: key }) => ({ domain, selector, privateKey: resolved(key) }))) });
  return folder === null ? null : createSigner({ keys: keyFolder(folder) });
}
