import { buffer } from "node:stream/consumers";
import DKIM from "nodemailer/lib/dkim";
import { serveSigning } from "./sign-rounds.js";

// node sign-nodemailer.js: nodemailer's signer, which gives a stream.
serveSigning((privateKey) => {
  const signer = new DKIM({ domainName: "bench.example", keySelector: "s", privateKey });
  return (message) => buffer(signer.sign(message));
});
