import { type HttpServer, listenHttp } from "../net/http/listen.js";

/** A small shop: a page with an image and a script, a sign-in form, and the page behind it. */
export function startJourneySite(port = 0): Promise<HttpServer> {
  return listenHttp(
    (request, response) => {
      const [path = "/"] = (request.url ?? "/").split("?");
      const page = PAGES[path];
      request.resume();
      if (path === "/sign-in" && request.method === "POST") {
        response.writeHead(303, { location: "/account" }).end();
        return;
      }
      response.writeHead(page === undefined ? 404 : 200, { "content-type": page?.type ?? "text/plain" });
      response.end(page?.body ?? "There is nothing here.\n");
    },
    { port },
  );
}

const HTML = "text/html; charset=utf-8";
const STYLE = "<style>body{font:18px sans-serif;margin:3em} h1{font-size:48px} input,button{font-size:18px;padding:.4em}</style>";

const PAGES: Readonly<Record<string, { readonly type: string; readonly body: string }>> = {
  "/": {
    type: HTML,
    body: `<!doctype html><html lang=en><title>The lab's shop</title>${STYLE}<h1>The lab's shop</h1><img src=/picture.svg width=240 height=120 alt=""><p><a href=/sign-in>Sign in</a><script src=/app.js></script>`,
  },
  "/sign-in": {
    type: HTML,
    body: `<!doctype html><html lang=en><title>Sign in</title>${STYLE}<h1>Sign in</h1><form method=post><p><input id=user name=user placeholder=User><p><input id=password name=password type=password><p><button>Continue</button></form>`,
  },
  "/account": { type: HTML, body: `<!doctype html><html lang=en><title>Your account</title>${STYLE}<h1>Welcome back</h1><p id=orders>3 orders` },
  "/app.js": { type: "text/javascript", body: 'document.body.append(Object.assign(document.createElement("p"), { id: "ready", textContent: "Ready." }));\n' },
  "/picture.svg": {
    type: "image/svg+xml",
    body: '<svg xmlns="http://www.w3.org/2000/svg" width="240" height="120"><rect width="240" height="120" fill="#3a6ea5"/></svg>',
  },
  "/favicon.ico": { type: "image/svg+xml", body: '<svg xmlns="http://www.w3.org/2000/svg"/>' },
};
