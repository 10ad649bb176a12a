import { namesInBrowser } from "../../conformance/labs.js";
import { realServer } from "../../support/real-servers.js";
import { diallingProbes, testDenied } from "./denied-targets.js";

const inBrowser = await namesInBrowser();
const dialling = (await diallingProbes()).filter(({ name }) => inBrowser.includes(name));

realServer("targets that a worker denies to probes in a browser", ["chromium"], () => {
  testDenied(dialling);
});
