import type { HttpAnswer, HttpAsked } from "../../net/http/serve.js";
import type { Exporter } from "../exporter.js";
import type { StatusSite } from "./status-site.js";

/** The status page and /probe at one address: /probe is for operators, and /metrics has the numbers of both. */
export function withExporter(site: StatusSite, exporter: Exporter): (path: string, asked: HttpAsked) => Promise<HttpAnswer> {
  return async (path, asked) => {
    if (path === "/probe") return site.refusal(asked) ?? exporter.answer(path, asked);
    if (path === "/-/healthy") return exporter.answer(path, asked);
    const answer = await site.answer(path, asked);
    if (path !== "/metrics" || answer.status !== 200) return answer;
    const { text } = await exporter.answer(path, asked);
    return { ...answer, text: `${answer.text}${text}` };
  };
}
