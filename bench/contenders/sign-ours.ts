import { givenKeys } from "../../runner/mail/dkim/given-keys.js";
import { createSigner } from "../../runner/mail/dkim/signer.js";
import { serveSigning } from "./sign-rounds.js";

// node sign-ours.js: the signer as delivery uses it.
serveSigning((privateKey) => {
  const signer = createSigner({ keys: givenKeys([{ domain: "bench.example", selector: "s", privateKey }]) });
  return async (message) => Buffer.concat([(await signer.sign(message)).header, message]);
});
