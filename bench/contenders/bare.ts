import { probe } from "./bare-prober.js";
import { serveProber } from "./tasks.js";

serveProber({ probe, timed: probe });
