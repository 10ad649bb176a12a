import { readFileSync } from "node:fs";
import type { Plugin } from "esbuild";
import type { Contract } from "../schemas/contract.js";
import { deliveryEventContract } from "../schemas/delivery-event.js";
import { jobEventContract } from "../schemas/job-event.js";
import { mailToSendContract } from "../schemas/mail-to-send.js";
import { resultEventContract } from "../schemas/result-event.js";
import { compiled } from "./validators.js";

/** By the name of their file in schemas/, which exports each under its name here. */
const CONTRACTS: Readonly<Record<string, Readonly<Record<string, Contract>>>> = {
  "job-event": { jobEventContract },
  "result-event": { resultEventContract },
  "delivery-event": { deliveryEventContract },
  "mail-to-send": { mailToSendContract },
};

/**
 * esbuild plugin: the contracts that belong to no probe judge with code that is compiled now, so that neither a queue nor a delivery loads Ajv for what is
 * right. Only what is refused does.
 */
export const sharedValidators: Plugin = {
  name: "shared-validators",
  setup(build) {
    build.onLoad({ filter: new RegExp(`[\\\\/]schemas[\\\\/](${Object.keys(CONTRACTS).join("|")})\\.ts$`) }, ({ path }) => {
      const names = Object.keys(CONTRACTS[path.replace(/^.*[\\/]|\.ts$/g, "")] as object);
      const adoptions = names.map((name) => `import { validate as ${name}Judge } from "validator:${name}";\n${name}.adopt(${name}Judge);`);
      return { contents: `${readFileSync(path, "utf8")}\n${adoptions.join("\n")}`, loader: "ts" };
    });
    const schemas = Object.values(CONTRACTS).flatMap((contracts) => Object.entries(contracts).map(([name, { schema }]) => [name, schema] as const));
    return compiled(new Map(schemas), "judging").setup(build);
  },
};
