import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { nearest } from "../support/did-you-mean.js";
import { RequestError } from "../support/request-error.js";
import type { Commands } from "./command.js";

/** The error for an unknown probe, with the commands of similar names, or with what a file or `version` was probably meant as. */
export function withCommands(error: unknown, name: string, commands: Commands, cwd: string): unknown {
  if (!(error instanceof RequestError) || error.code !== "unknown_probe") return error;
  if (name === "version") return suggested(error, name, "did you mean --version?");
  if (existsSync(resolve(cwd, name))) return suggested(error, name, `it is a file or a folder: name the probe first, as in \`probe-run network.smtp ${name}\``);
  const near = nearest(name, Object.keys(commands), 2);
  if (near.length === 0) return error;
  const suggestion = { pointer: "", message: `there is a command ${near.join(" and ")}: run \`probe-run ${near[0]} --help\``, hint: null };
  return new RequestError(notFound(name), "unknown_probe", [suggestion, ...error.violations]);
}

function suggested({ code }: RequestError, name: string, message: string): RequestError {
  return new RequestError(notFound(name), code, [{ pointer: "", message, hint: null }]);
}

function notFound(name: string): string {
  return `there is no probe and no command called ${JSON.stringify(name)}`;
}
