export interface Target {
  readonly host: string;
  readonly port: string | null;
}

/** The target of an input or output, by the fields that usually hold one; for an output in parts, the target of each part. */
export function targetsOf(fields: Readonly<Record<string, unknown>>): Target[] {
  const host = fields.target_host ?? fields.host;
  const port = fields.target_port ?? fields.port;
  if (typeof host === "string") return [{ host, port: port === undefined || port === null ? null : String(port) }];
  return Object.values(fields).flatMap((field) => (isPart(field) ? targetsOf(field) : []));
}

function isPart(field: unknown): field is Record<string, unknown> {
  return field !== null && typeof field === "object" && !Array.isArray(field);
}
