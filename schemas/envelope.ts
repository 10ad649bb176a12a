/** The result of a run: `output` for the caller, `queue` for a consumer of results. */
export interface Envelope<Output = unknown> {
  output: Output;
  queue: Output;
}
