import type { Reply } from "./reply.js";

/** Ends a login with a reply that says more than "wrong". */
export class AuthRefusal extends Error {
  override readonly name = "AuthRefusal";

  constructor(readonly reply: Reply) {
    super(reply.lines.join(" "));
  }
}
