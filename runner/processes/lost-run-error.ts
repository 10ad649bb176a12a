/** The process of a run ended before the run did: what the run had done by then is unknown, so it is not repeated. */
export class LostRunError extends Error {
  override readonly name = "LostRunError";
  readonly code = "process_lost";
}
