import { startSmtpServer } from "../../runner/lab/smtp-server.js";
import { serve } from "../support/serve.js";

// node starttls-server.js: a mail server with STARTTLS, in a process of its own.
const server = await startSmtpServer({ tls: "starttls" });
serve({ port: server.port }, async () => null);
