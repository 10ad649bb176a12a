import { defineLab } from "../../runner/harness/define-lab.js";
import { type Site, startHttpServer } from "../../runner/lab/http-server.js";

const JSON_TYPE = { "content-type": "application/json" };

const API: Site = (path, { headers }) => {
  if (path === "/login") return { headers: JSON_TYPE, body: '{"token":"lab-token"}' };
  if (path === "/items")
    return headers.authorization === "Bearer lab-token" ? { headers: JSON_TYPE, body: '[{"id":7,"name":"seven"}]' } : { status: 401, body: "" };
  if (path === "/items/7") return { headers: JSON_TYPE, body: '{"id":7,"name":"seven"}' };
  return { status: 404, headers: JSON_TYPE, body: '{"error":"not found"}' };
};

const STEPS = [
  { name: "log in", method: "POST", path: "/login", json: { user: "lab" }, capture: { token: { json: "/token", secret: true } } },
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder of a step
  { name: "list", path: "/items", headers: { Authorization: "Bearer ${token}" }, expect: { json: { "/0/name": "seven" } }, capture: { id: { json: "/0/id" } } },
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder of a step
  { name: "read", path: "/items/${id}", expect: { schema: { type: "object", required: ["id"], properties: { id: { type: "integer" } } } } },
];

export default defineLab({
  async start(nextPort) {
    const server = await startHttpServer(API, { port: nextPort() });
    return {
      servers: [
        { name: "api", summary: "A login, a list, and one item of it.", input: { url: server.origin, steps: STEPS } },
        {
          name: "failing",
          summary: "The same, with an expectation that does not hold.",
          input: { url: server.origin, steps: [{ path: "/items/7", expect: { json: { "/name": "eight" } } }] },
        },
      ],
      close: () => server.close(),
    };
  },
});
