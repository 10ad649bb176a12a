import type { Envelope } from "../../schemas/envelope.js";
import type { AnyProbeName, CheckedName, InputOf, OutputOf } from "./probe-types.js";
import { type RunOptions, run as runAny } from "./run.js";

/** run(), with the input and the output typed by the probe's name: `run("network.smtp@2", { target_host: "…" })`. */
export const run = runAny as <const Name extends AnyProbeName>(
  name: CheckedName<Name>,
  input: InputOf<Name>,
  options?: RunOptions,
) => Promise<Envelope<OutputOf<Name>>>;
