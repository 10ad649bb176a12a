import { afterReading } from "./read-scheduler.js";

/**
 * Calls back unless it is cancelled within this time. What the network delivered in time still cancels it when the process was held up and reads it
 * only after the timer has fired. Returns the function that cancels it.
 */
export function startTimeout(milliseconds: number, expired: () => void): () => void {
  let isCancelled = false;
  const judge = (): void => {
    if (!isCancelled) expired();
  };
  const timer = setTimeout(() => afterReading(judge), milliseconds);
  return () => {
    isCancelled = true;
    clearTimeout(timer);
  };
}
