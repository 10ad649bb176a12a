import { pathToFileURL } from "node:url";
import { type LoadedProbe, loadProbe } from "../harness/registry.js";
import { type InputSchema, inputFromTarget, missingFields } from "../harness/target.js";
import { type Asked, candidates, parseAsked } from "../harness/version.js";
import { connectionFile, readTranscripts } from "../lab/transcript-file.js";
import type { PlannedCheck } from "./plan.js";
import { probeName } from "./probe-name.js";
import type { Place } from "./suite-files.js";

/** The probe did something else than the transcript says. */
export interface Deviation {
  readonly message: string;
  readonly place: Place;
}

interface Played<Result> {
  readonly result: Result;
  /** Always empty for a server. */
  readonly deviations: readonly Deviation[];
}

interface Address {
  readonly port: number;
  readonly isTls: boolean;
}

/** Runs a check's probe with its input. If the target is a transcript, it is played from its beginning meanwhile. */
export async function againstTarget<Result>(planned: PlannedCheck, run: (input: unknown) => Promise<Result>): Promise<Played<Result>> {
  const { transcript, input } = planned;
  if (transcript === null) return { result: await run(input), deviations: [] };
  const asked = parseAsked(probeName(planned.check.probe, planned.file));
  const loaded = await loadProbe(asked.name);
  const plays = readTranscripts(transcript);
  const isTls = plays[0]?.steps[0]?.kind === "tls";
  const { playTranscript } = await import("../lab/transcript-server.js");
  const server = await playTranscript(pathToFileURL(transcript));
  const address = addressInput(loaded, asked, { port: server.port, isTls });
  const result = await run({ ...(input as object), ...address }).finally(() => server.close());
  const deviations = server.mismatches.map(({ connection, line, expected, got }) => ({
    message: `connection ${connection} deviates from the transcript: expected ${expected}, got ${got}`,
    place: { file: fileOf(transcript, Math.min(connection, plays.length)), line, column: 1 },
  }));
  return { result, deviations };
}

/** The fields of a probe's input for a server of this machine. Null if the probe has none for a port. */
export function addressInput({ probe, versions }: LoadedProbe, asked: Asked, { port, isTls }: Address): Record<string, unknown> | null {
  const schema = probe.versions[candidates(asked, versions)[0] as string]?.input.schema as InputSchema;
  const { target } = probe;
  if (target === undefined || missingFields(target, schema).length > 0) return null;
  if (target === "url") return inputFromTarget(target, schema, `${isTls ? "https" : "http"}://127.0.0.1:${port}/`);
  return typeof target === "string" || target.port === undefined ? null : inputFromTarget(target, schema, `127.0.0.1:${port}`);
}

function fileOf(transcript: string, connection: number): string {
  return connection === 1 ? transcript : connectionFile(transcript, connection);
}
