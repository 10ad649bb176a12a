import type { CDPSession } from "playwright-core";
import type { DocumentTimes } from "./browser-page.js";

/** A world of its own beside the page's: a page can neither see nor change what is measured in it. */
const WORLD = "probe-run";

/**
 * Collects what has to be observed while it happens. It has no definition of its own: LCP, CLS in windows of 1 s within 5 s, and INP as the longest
 * interaction but one in fifty are those of web.dev/articles/vitals.
 */
const OBSERVER = `(() => {
  const seen = { lcp: null, fcp: null, cls: 0, window: 0, from: 0, to: -Infinity, interactions: new Map(), painted: false };
  globalThis.probeRunVitals = seen;
  const observe = (type, take, more) => {
    try { new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true, ...more }); } catch {}
  };
  observe("largest-contentful-paint", (entry) => { seen.lcp = entry.startTime; });
  observe("paint", (entry) => { seen.painted = true; if (entry.name === "first-contentful-paint") seen.fcp = entry.startTime; });
  observe("layout-shift", (entry) => {
    if (entry.hadRecentInput) return;
    const isSame = entry.startTime - seen.to < 1000 && entry.startTime - seen.from < 5000;
    seen.window = isSame ? seen.window + entry.value : entry.value;
    if (!isSame) seen.from = entry.startTime;
    seen.to = entry.startTime;
    seen.cls = Math.max(seen.cls, seen.window);
  });
  const interaction = (entry) => {
    if (!entry.interactionId || seen.interactions.size > 1000) return;
    seen.interactions.set(entry.interactionId, Math.max(seen.interactions.get(entry.interactionId) || 0, entry.duration));
  };
  observe("event", interaction, { durationThreshold: 16 });
  observe("first-input", interaction);
})()`;

const READER = `(() => {
  const seen = globalThis.probeRunVitals || { interactions: new Map() };
  const [entry] = performance.getEntriesByType("navigation");
  const longest = [...seen.interactions.values()].sort((a, b) => b - a);
  return {
    url: location.href, origin: performance.timeOrigin, isBlank: location.href === "about:blank",
    firstByte: entry && entry.responseStart, interactive: entry && entry.domInteractive,
    contentLoaded: entry && entry.domContentLoadedEventEnd, load: entry && entry.loadEventEnd,
    lcp: seen.lcp, fcp: seen.fcp, cls: seen.painted ? seen.cls : null,
    inp: longest.length === 0 ? null : longest[Math.min(longest.length - 1, Math.floor(longest.length / 50))],
  };
})()`;

export async function observeVitals(cdp: CDPSession): Promise<void> {
  await cdp.send("Page.enable");
  await cdp.send("Page.addScriptToEvaluateOnNewDocument", { source: OBSERVER, worldName: WORLD, runImmediately: true });
}

/** What the current document has reached so far; null for an empty page. */
export async function readVitals(cdp: CDPSession): Promise<DocumentTimes | null> {
  const { frameTree } = await cdp.send("Page.getFrameTree");
  const { executionContextId } = await cdp.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id, worldName: WORLD });
  const { result } = await cdp.send("Runtime.evaluate", { contextId: executionContextId, expression: READER, returnByValue: true, timeout: 500 });
  return timesOf(result.value);
}

/** Whatever the renderer sends: a page may have taken it over. */
export function timesOf(value: unknown): DocumentTimes | null {
  if (value === null || typeof value !== "object") return null;
  const { url, origin, isBlank, firstByte, interactive, contentLoaded, load, lcp, fcp, cls, inp } = value as Record<string, unknown>;
  if (typeof url !== "string" || typeof origin !== "number" || isBlank === true) return null;
  return {
    ...{ url, time_origin: origin },
    // 0 is the timeline's way to say that it has not happened.
    first_byte_ms: timeOf(firstByte),
    dom_interactive_ms: timeOf(interactive),
    dom_content_loaded_ms: timeOf(contentLoaded),
    load_ms: timeOf(load),
    first_contentful_paint_ms: timeOf(fcp),
    largest_contentful_paint_ms: timeOf(lcp),
    cumulative_layout_shift: typeof cls === "number" && cls >= 0 && cls <= MOST ? Math.round(cls * 10_000) / 10_000 : null,
    interaction_to_next_paint_ms: timeOf(inp),
  };
}

/** An hour: a run is shorter. */
const MOST = 3_600_000;

function timeOf(value: unknown): number | null {
  return typeof value === "number" && value > 0 && value <= MOST ? Math.round(value * 1000) / 1000 : null;
}
