export interface Target {
  readonly host: string;
  readonly port: string | null;
}

/** Whom an input or an output is about, by the fields that such things stand in; of one in parts, each part's. */
export function targetsOf(fields: Readonly<Record<string, unknown>>): Target[] {
  const host = fields.target_host ?? fields.host;
  const port = fields.target_port ?? fields.port;
  if (typeof host === "string") return [{ host, port: port === undefined || port === null ? null : String(port) }];
  return Object.values(fields).flatMap((field) => (isPart(field) ? targetsOf(field) : []));
}

function isPart(field: unknown): field is Record<string, unknown> {
  return field !== null && typeof field === "object" && !Array.isArray(field);
}
