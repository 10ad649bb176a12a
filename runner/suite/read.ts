import { type Suite, suiteContract } from "../../schemas/suite.js";
import type { Violation } from "../support/request-error.js";
import { violationsOf } from "../support/violations.js";
import { checkPlan } from "./check-plan.js";
import { fitToContract } from "./coerce-input.js";
import { SuiteDocument } from "./document.js";
import { type Environment, substituteVariables } from "./environment.js";
import { type PlannedCheck, planOf } from "./plan.js";
import { ProblemCollector } from "./problem-collector.js";

/** A valid suite: its contract holds, its probes exist, and they accept its inputs. */
export interface ReadSuite {
  readonly suite: Suite;
  readonly checks: readonly PlannedCheck[];
  readonly document: SuiteDocument;
}

/** Reads and validates a whole suite before any of it runs. Rejects with a SuiteError that lists all problems. */
export async function readSuite(file: string, text: string, environment: Environment): Promise<ReadSuite> {
  const document = await SuiteDocument.parse(file, text);
  const collector = new ProblemCollector(document);
  collector.filled = substituteVariables(document, environment, collector.problems);
  const suite = document.value();
  let violations = violationsIn(suite);
  if (fitToContract(suite, violations, (steps) => collector.fillingAt(steps))) violations = violationsIn(suite);
  for (const violation of violations) collector.addViolation([], violation);
  if (violations.length > 0) collector.throwIfAny();
  const checks = planOf(suite as Suite);
  await checkPlan(suite as Suite, checks, collector);
  collector.throwIfAny();
  return { suite: suite as Suite, checks, document };
}

function violationsIn(suite: unknown): Violation[] {
  // The errors of a condition's branch say already that it does not match.
  return violationsOf(suiteContract.faults(suite).filter(({ keyword }) => keyword !== "if"));
}
