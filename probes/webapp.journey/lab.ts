import { defineLab } from "../../runner/harness/define-lab.js";
import { startJourneySite } from "../../runner/lab/journey-site.js";

export default defineLab({
  async start(nextPort) {
    const site = await startJourneySite(nextPort());
    const steps = [
      { goto: `${site.origin}/` },
      { expect: { selector: "#ready", text: "Ready." } },
      { click: "text=Sign in" },
      { fill: { selector: "#user", value: "ann" } },
      { fill: { selector: "#password", value: "lab-password" } },
      { click: "text=Continue" },
      { name: "signed in", expect: { title: "Your account", selector: "#orders", text: { contains: "3 orders" } } },
      { screenshot: {} },
    ];
    return {
      servers: [
        { name: "sign-in", summary: "A shop with a sign-in form.", input: { steps } },
        { name: "page", summary: "Its first page alone.", input: { url: `${site.origin}/` } },
        { name: "missing", summary: "A page that is not there.", input: { url: `${site.origin}/nothing` } },
      ],
      close: () => site.close(),
    };
  },
});
