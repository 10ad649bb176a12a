/** One capability of this machine. */
export interface Check {
  readonly name: string;
  /** note: an optional feature is missing. warning: something works less well. error: something does not work. */
  readonly status: "ok" | "note" | "warning" | "error";
  readonly message: string;
  /** What to do about it; null for nothing. */
  readonly advice: string | null;
}

export function check(name: string, status: Check["status"], message: string, advice: string | null = null): Check {
  return { name, status, message, advice };
}
