import { hostname } from "node:os";

type Environment = Readonly<Record<string, string | undefined>>;

const OFF = /^(?:0|false|no|off)$/i;

/**
 * Why this machine may not probe mailboxes; null if it may. SMTP_PROBES_ENABLED is the switch, SMTP_PROBES_ALLOWED_HOSTS lists the machines that may,
 * by full name or first label: a developer's machine has the same code and jobs as the production server, and could ruin its reputation.
 */
export function refusalToProbe(env: Environment, nameOfMachine: () => string = hostname): string | null {
  if (OFF.test(env.SMTP_PROBES_ENABLED?.trim() ?? "")) return "asking mail servers about mailboxes is switched off here (SMTP_PROBES_ENABLED)";
  const allowed = (env.SMTP_PROBES_ALLOWED_HOSTS ?? "").split(/[\s,]+/).filter((name) => name !== "");
  if (allowed.length === 0) return null;
  const ownName = nameOfMachine();
  const own = ownName.toLowerCase();
  const names = [own, own.split(".")[0] as string];
  if (allowed.some((name) => names.includes(name.toLowerCase()))) return null;
  return `this machine, ${ownName}, is not among those that may ask mail servers about mailboxes (SMTP_PROBES_ALLOWED_HOSTS)`;
}
