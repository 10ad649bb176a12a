/** One thing that this machine can or cannot do. */
export interface Check {
  readonly name: string;
  /** note: optional, and not there. warning: something works less well. error: something does not work. */
  readonly status: "ok" | "note" | "warning" | "error";
  readonly message: string;
  /** What to do about it; null if there is nothing to do. */
  readonly advice: string | null;
}

export function check(name: string, status: Check["status"], message: string, advice: string | null = null): Check {
  return { name, status, message, advice };
}
