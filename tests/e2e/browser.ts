// A real browser without a window, by Bun's own view of Chromium: nothing of the DevTools protocol has to be written
// here, and no package is needed. Whatever the page asks for, prints or refuses is kept.

export const CHROMIUM = Bun.which("chromium") ?? Bun.which("google-chrome");

/** Appended to the name of a test that is skipped. */
export const NEEDS_CHROMIUM = CHROMIUM === null ? " (skipped: needs chromium)" : "";

export type Browser = {
  view: Bun.WebView;
  /** Everything but the page itself. */
  requests: string[];
  /** Lines of the console, errors, and what the policy refused. */
  messages: string[];
  evaluate<Value>(expression: string): Promise<Value>;
  /** Types like a person, then waits for the page to follow. */
  type(text: string): Promise<void>;
  press(key: string, times?: number): Promise<void>;
};

export type Look = { width?: number; height?: number; scheme?: "light" | "dark"; media?: "screen" | "print" };

/** Opens the address, and waits until the page can be used. */
export async function browse(
  url: string,
  { width = 1280, height = 900, scheme = "light", media = "screen" }: Look = {},
): Promise<Browser> {
  const messages: string[] = [];
  const requests: string[] = [];
  const view = new Bun.WebView({
    width,
    height,
    // Root has no sandbox, and neither have most containers.
    backend: { type: "chrome", url: false, path: CHROMIUM ?? "", argv: ["--no-sandbox"] },
    console: (kind, ...parts) => messages.push([kind, ...parts].join(" ")),
  });
  await view.navigate("about:blank");
  view.addEventListener<{ request: { url: string } }>("Network.requestWillBeSent", ({ data }) => {
    if (data.request.url !== url) requests.push(data.request.url);
  });
  view.addEventListener("Log.entryAdded", ({ data }) => messages.push(JSON.stringify(data)));
  view.addEventListener("Runtime.exceptionThrown", ({ data }) => messages.push(JSON.stringify(data)));
  for (const domain of ["Network", "Log", "Runtime"]) await view.cdp(`${domain}.enable`);
  await view.cdp("Emulation.setEmulatedMedia", {
    media,
    features: [{ name: "prefers-color-scheme", value: scheme }],
  });
  if (width < 600) {
    const metrics = { width, height, deviceScaleFactor: 1, mobile: true };
    await view.cdp("Emulation.setDeviceMetricsOverride", metrics);
  }
  await view.cdp("Page.addScriptToEvaluateOnNewDocument", { source: WATCH });
  await view.navigate(url);
  const evaluate = <Value>(expression: string) => view.evaluate<Value>(expression);
  const settle = () =>
    evaluate(`new Promise((done) => setTimeout(() => requestAnimationFrame(() => done(0)), 200))`);
  return {
    ...{ view, requests, messages, evaluate },
    async type(text) {
      await view.type(text);
      await settle();
    },
    async press(key, times = 1) {
      for (let n = 0; n < times; n++) await view.press(key);
      await settle();
    },
  };
}

/** Sums up what moved while the page was made. */
const WATCH = `
  window.shift = 0;
  new PerformanceObserver((list) => { for (const one of list.getEntries()) window.shift += one.value; })
    .observe({ type: "layout-shift", buffered: true });
`;
