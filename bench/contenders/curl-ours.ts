import { pathToFileURL } from "node:url";
import { serve } from "../support/serve.js";
import type { FetchedPage, FetchRequest } from "./curl-tasks.js";

// node curl-ours.js LIBRARY: one URL by webapp.http, as users get it.
const { run } = (await import(pathToFileURL(process.argv[2] as string).href)) as typeof import("../../runner/index.js");

serve<FetchRequest>("ready", async ({ url, ca }) => {
  const { output } = await run("webapp.http@1", { url, follow: false, tls: { ca } });
  const hop = output.hops[0];
  if (output.failure !== null || hop?.status == null || output.body === null) throw new Error(`webapp.http says ${JSON.stringify(output).slice(0, 2000)}`);
  const { connect_ms, tls_ms, request_ms, first_byte_ms, headers_ms, body_ms } = hop.phases;
  const page: FetchedPage = {
    status: hop.status,
    version: hop.http_version ?? "",
    bytes: output.body.bytes,
    sha256: output.body.sha256 ?? "",
    phases: { connect: connect_ms ?? 0, tls: tls_ms ?? 0, "first byte": (request_ms ?? 0) + (first_byte_ms ?? 0), body: (headers_ms ?? 0) + (body_ms ?? 0) },
  };
  return page;
});
