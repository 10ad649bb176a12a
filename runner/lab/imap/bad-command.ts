/** The client said something that the standard does not allow: the answer is BAD. */
export class BadCommand extends Error {
  override readonly name = "BadCommand";
}

/** The client may say this, and cannot have it: the answer is NO. */
export class RefusedCommand extends Error {
  override readonly name = "RefusedCommand";
}
