import { accept } from "../harness/accept.js";
import { catalogue } from "../harness/catalogue.js";
import type { RunRequest } from "./run-request.js";
import { UsageError } from "./usage-error.js";

/** Throws for a conversation that --record cannot write: a file that cannot be replayed would look like one that can. */
export function assertReplayable({ loaded, asked }: RunRequest, input: unknown): void {
  const { name, replay } = loaded.probe;
  const obstacle = typeof replay === "function" ? replay(accept(loaded, asked, input).filled as never) : null;
  if (obstacle !== null) throw new UsageError(`--record cannot write a transcript of this input of ${name} that could be replayed`, obstacle);
  if (replay !== undefined) return;
  const names = catalogue().filter(({ isReplayable }) => isReplayable === true);
  throw new UsageError(
    `--record cannot write a transcript of ${name} that could be replayed`,
    `it can for ${names.map((each) => each.name).join(", ")}, and for a probe that sets replay in defineProbe`,
  );
}
