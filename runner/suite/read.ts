import type { SchemaError } from "../../schemas/contract.js";
import { type Suite, suiteContract } from "../../schemas/suite.js";
import { violationsOf } from "../violations.js";
import { checkPlan } from "./check-plan.js";
import { SuiteDocument } from "./document.js";
import { type Environment, fillIn } from "./environment.js";
import { type PlannedCheck, planOf } from "./plan.js";
import { Teller } from "./teller.js";

/** A suite that can be run: its contract holds, its probes are there, and they take its inputs. */
export interface ReadSuite {
  readonly suite: Suite;
  readonly checks: readonly PlannedCheck[];
  readonly document: SuiteDocument;
}

/** Reads and checks a whole suite before anything of it runs. Rejects with a SuiteError that tells everything that is wrong. */
export async function readSuite(file: string, text: string, environment: Environment): Promise<ReadSuite> {
  const document = new SuiteDocument(file, text);
  const teller = new Teller(document);
  teller.filled = fillIn(document, environment, teller.problems);
  const suite = document.value();
  if (!suiteContract.validator(suite)) {
    for (const violation of violationsOf(withoutConditions(suiteContract.validator.errors))) teller.tellViolation([], violation);
    teller.end();
  }
  const checks = planOf(suite as Suite);
  await checkPlan(suite as Suite, checks, teller);
  teller.end();
  return { suite: suite as Suite, checks, document };
}

/** That a condition's branch does not fit is said by the branch's own errors. */
function withoutConditions(errors: readonly SchemaError[] | null | undefined): SchemaError[] {
  return (errors ?? []).filter(({ keyword }) => keyword !== "if");
}
