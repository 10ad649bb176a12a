import type { Action, Step } from "./schema.js";

const ACTIONS: readonly Action[] = ["goto", "click", "double_click", "hover", "fill", "press", "wait", "expect", "screenshot"];

export function actionsOf(step: Step): Action[] {
  return ACTIONS.filter((action) => step[action] !== undefined);
}

/** The one action of a step that was checked. */
export function actionOf(step: Step): Action {
  return actionsOf(step)[0] as Action;
}

/** How a step is called that has no name of its own. Never by what it fills in. */
export function nameOf(step: Step): string {
  if (step.name !== undefined) return step.name;
  const action = actionOf(step);
  const about =
    step.goto ?? step.click ?? step.double_click ?? step.hover ?? step.fill?.selector ?? step.press?.key ?? step.wait?.selector ?? step.expect?.selector;
  return about === undefined ? action : `${action} ${about}`.slice(0, 80);
}
