/** What a run hands over: `output` to whoever ran the probe, `queue` to a consumer of results. */
export interface Envelope<Output = unknown> {
  output: Output;
  queue: Output;
}
