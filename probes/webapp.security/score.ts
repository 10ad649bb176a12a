import type { GRADES, Rule, Score } from "./schema.js";

/** Raised with each change of the points below, so that scores of different tables are not compared. */
const TABLE = "1";

/** What a rule that does not hold takes away. There are no bonuses: none can hide a fault. */
const POINTS: Readonly<Record<string, { readonly warning?: number; readonly error?: number }>> = {
  https: { error: 60 },
  https_redirect: { warning: 5, error: 20 },
  tls: { warning: 10, error: 30 },
  hsts: { warning: 10, error: 15 },
  content_security_policy: { warning: 20 },
  framing: { warning: 15 },
  nosniff: { warning: 5 },
  referrer_policy: { warning: 5 },
  permissions_policy: { warning: 2 },
  cross_origin_opener: { warning: 5 },
  cross_origin_embedder: { warning: 2 },
  cross_origin_resource: { warning: 2 },
  cors: { warning: 20, error: 50 },
  cookies: { warning: 15 },
  mixed_content: { warning: 10, error: 30 },
  version_leak: { warning: 3 },
  security_txt: { warning: 2 },
};

const LEAST: readonly (readonly [grade: (typeof GRADES)[number], points: number])[] = [
  ["A", 90],
  ["B", 80],
  ["C", 65],
  ["D", 50],
];

/** What a page's rules amount to. `missing` are rules that were not even asked. */
export function scoreOf(rules: readonly Rule[], missing: readonly string[] = []): Score {
  const reasons = rules.flatMap(({ rule, result, message }) => {
    const points = result === "warning" || result === "error" ? (POINTS[rule]?.[result] ?? 0) : 0;
    return points > 0 ? [{ rule, points, message }] : [];
  });
  const points = Math.max(0, 100 - reasons.reduce((sum, reason) => sum + reason.points, 0));
  const unknown = [...rules.flatMap(({ rule, result }) => (result === "unknown" ? [rule] : [])), ...missing];
  return {
    points,
    grade: unknown.length > 0 ? null : (LEAST.find(([, least]) => points >= least)?.[0] ?? "F"),
    reasons: reasons.sort((a, b) => b.points - a.points),
    unknown,
    table: TABLE,
  };
}
