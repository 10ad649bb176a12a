import { checkContract, checksContract, incidentsContract, resultsContract } from "../../../schemas/status-api.js";

const KEY = { name: "key", in: "path", required: true, description: "The key of a check.", schema: { type: "string", pattern: "^[0-9a-f]{16}$" } } as const;
const TEXT = { "text/plain": { schema: { type: "string" } } } as const;
const LOGIN = {
  "401": { description: "Log in.", content: TEXT },
  "403": { description: "Credentials are accepted by TLS or from a listed proxy only.", content: TEXT },
  "429": { description: "Too many failed logins.", content: TEXT },
} as const;
const NOT_FOUND = { "404": { description: "There is no such check.", content: TEXT } } as const;

/** The OpenAPI description of what a watch serves. */
export function openApi(version: string): object {
  return {
    openapi: "3.1.0",
    info: {
      title: "probe-run watch",
      version,
      description: "Checks, results and incidents of one watch. Without a login, and with --public, there are names and states only.",
    },
    jsonSchemaDialect: "https://json-schema.org/draft/2020-12/schema",
    security: [{}, { token: [] }, { password: [] }],
    paths: {
      "/api/v1/checks": get("checks", "Every check with its state.", json(checksContract.schema)),
      "/api/v1/checks/{key}": get("check", "One check with its days and incidents.", json(checkContract.schema), [KEY], NOT_FOUND),
      "/api/v1/results": get("results", "Results of a check, the newest first.", json(resultsContract.schema), resultParameters(), {
        ...NOT_FOUND,
        "400": { description: "A parameter is wrong.", content: TEXT },
      }),
      "/api/v1/incidents": get("incidents", "The last 200 incidents.", json(incidentsContract.schema)),
      "/api/v1/openapi.json": get("description", "This description.", json({ type: "object" })),
      "/badge/{key}.svg": get("badge", "The state of a check as a picture.", { "image/svg+xml": { schema: { type: "string" } } }, [KEY], NOT_FOUND),
      "/events": get(
        "events",
        "Server-sent events: ready, check (as in /api/v1/checks), reload.",
        { "text/event-stream": { schema: { type: "string" } } },
        [],
        {
          "503": { description: "Too many clients follow.", content: TEXT },
        },
      ),
      "/metrics": get("metrics", "Metrics for Prometheus.", TEXT),
      "/healthz": get("health", "Whether the process answers.", TEXT),
    },
    components: { securitySchemes: { token: { type: "http", scheme: "bearer" }, password: { type: "http", scheme: "basic" } } },
  };
}

function get(operationId: string, summary: string, content: object, parameters: readonly object[] = [], others: object = {}): object {
  return {
    get: {
      operationId,
      summary,
      ...(parameters.length === 0 ? {} : { parameters }),
      responses: { "200": { description: summary, content }, ...others, ...LOGIN },
    },
  };
}

function json(schema: unknown): object {
  return { "application/json": { schema } };
}

function resultParameters(): object[] {
  return [
    { name: "check", in: "query", required: true, description: "The key of a check.", schema: KEY.schema },
    { name: "before", in: "query", description: "Results that began before this time.", schema: { type: "string" } },
    { name: "limit", in: "query", description: "How many at most.", schema: { type: "integer", minimum: 1, maximum: 1000, default: 100 } },
  ];
}
