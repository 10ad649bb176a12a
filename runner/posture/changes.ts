import type { Check, RecordChange } from "../../schemas/check.js";

export interface OrderedChange extends RecordChange {
  readonly check: string;
  readonly why: string;
  readonly wait_for: string | null;
  readonly risk: string | null;
}

/** SPF and DKIM come before the policy that rests on them; what transport needs comes last. */
const ORDER: readonly string[] = ["mx", "spf", "dkim", "dmarc", "mtasts", "tlsrpt", "dane"];

/** The records to change: first those that stop a loss, then by what rests on what. Each record once. */
export function changesOf(checks: readonly Check[]): OrderedChange[] {
  const urgent = checks.filter(({ verdict }) => verdict === "error");
  const others = checks.filter(({ verdict }) => verdict !== "error");
  const seen = new Set<string>();
  return [...inOrder(urgent), ...inOrder(others)].filter(({ name, type, old }) => {
    const key = `${name} ${type} ${old}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function inOrder(checks: readonly Check[]): OrderedChange[] {
  const rank = ({ check }: OrderedChange): number => ORDER.indexOf(check.split(".", 1)[0] as string);
  return checks
    .flatMap(({ id, advice }) =>
      (advice?.change ?? []).map((change) => ({
        ...change,
        check: id,
        why: advice?.why ?? "",
        wait_for: advice?.wait_for ?? null,
        risk: advice?.risk ?? null,
      })),
    )
    .sort((one, other) => rank(one) - rank(other));
}
