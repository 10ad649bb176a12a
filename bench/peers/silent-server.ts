import { listen } from "../../runner/net/transport/listen.js";
import { serve } from "../support/serve.js";

// node silent-server.js: takes every connection and never says a word. Any request is answered with how many are open.
const listener = await listen(() => {});
serve({ port: listener.port }, async () => ({ open: listener.openSockets }));
