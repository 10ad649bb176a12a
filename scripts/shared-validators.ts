import { readFileSync } from "node:fs";
import type { Plugin } from "esbuild";
import type { Contract } from "../schemas/contract.js";
import { deliveryEventContract } from "../schemas/delivery-event.js";
import { jobEventContract } from "../schemas/job-event.js";
import { resultEventContract } from "../schemas/result-event.js";
import { compiled } from "./validators.js";

/** By the name of their file in schemas/, which exports each under its name here. */
const EVENTS: Readonly<Record<string, Readonly<Record<string, Contract>>>> = {
  "job-event": { jobEventContract },
  "result-event": { resultEventContract },
  "delivery-event": { deliveryEventContract },
};

/** esbuild plugin: the contracts of events judge with code that is compiled now, so that a queue does not load Ajv. Only an event that is refused does. */
export const eventValidators: Plugin = {
  name: "event-validators",
  setup(build) {
    build.onLoad({ filter: new RegExp(`[\\\\/]schemas[\\\\/](${Object.keys(EVENTS).join("|")})\\.ts$`) }, ({ path }) => {
      const names = Object.keys(EVENTS[path.replace(/^.*[\\/]|\.ts$/g, "")] as object);
      const adoptions = names.map((name) => `import { validate as ${name}Judge } from "validator:${name}";\n${name}.adopt(${name}Judge);`);
      return { contents: `${readFileSync(path, "utf8")}\n${adoptions.join("\n")}`, loader: "ts" };
    });
    const schemas = Object.values(EVENTS).flatMap((contracts) => Object.entries(contracts).map(([name, { schema }]) => [name, schema] as const));
    return compiled(new Map(schemas), "judging").setup(build);
  },
};
