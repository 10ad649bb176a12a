import { nearest } from "../support/did-you-mean.js";
import { RequestError } from "../support/request-error.js";
import type { Commands } from "./command.js";

/** The error for an unknown probe, with the commands of similar names. */
export function withCommands(error: unknown, name: string, commands: Commands): unknown {
  if (!(error instanceof RequestError) || error.code !== "unknown_probe") return error;
  const near = nearest(name, Object.keys(commands), 2);
  if (near.length === 0) return error;
  const suggestion = { pointer: "", message: `there is a command ${near.join(" and ")}: run \`probe-run ${near[0]} --help\``, hint: null };
  return new RequestError(`there is no probe and no command called ${JSON.stringify(name)}`, "unknown_probe", [suggestion, ...error.violations]);
}
