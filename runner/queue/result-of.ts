import { RESULT_TYPE, type ResultEvent } from "../../schemas/result-event.js";
import type { AnyProbeName, CheckedName, OutputOf, ProbeName } from "../harness/probe-types.js";
import { parseAsked } from "../harness/version.js";
import { RequestError } from "../support/request-error.js";
import type { ConsumedEvent } from "./consumed-event.js";

/** The result of a probe: `data` is the queue side of its envelope. */
export type ResultOf<Name extends string> = ResultEvent & { readonly data: OutputOf<Name> };

/** A name with its version: `network.smtp@2` or `network.smtp@2.0.0`. */
export type VersionedName<Name extends string> =
  Name extends Extract<ProbeName, `${string}@${string}`> ? Name : Name extends ProbeName ? never : CheckedName<Name>;

/**
 * Whether an event is the result of this probe in this version, and types its `data` if it is. The version must be named: a queue may hold results of
 * several.
 */
export function isResultOf<const Name extends AnyProbeName>(event: ConsumedEvent, probe: VersionedName<Name>): event is ResultOf<Name> {
  const { name, version } = parseAsked(probe);
  if (version === null) {
    const message = `the version of ${name} is missing`;
    throw new RequestError("the event cannot be examined", "usage", [{ pointer: "", message, hint: `write ${name}@ and the major version` }]);
  }
  const { type, subject = "" } = event as { readonly type: string; readonly subject?: string };
  const place = subject.lastIndexOf("@");
  const served = subject.slice(place + 1);
  return type === RESULT_TYPE && subject.slice(0, place) === name && (served === version || served.startsWith(`${version}.`));
}
