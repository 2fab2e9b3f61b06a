// The page in a real browser: from a file and from nginx, with a thousand resources and with a hundred thousand, by the
// keyboard alone. Nothing leaves it, its policy holds, and hostile names are text.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "pathe";
import { CAN_SERVE, NEEDS_NGINX, serveStage } from "../faults/nginx.ts";
import { HOSTILE, makeSite, type Site } from "../page-site.ts";
import { runSubject } from "../stage.ts";
import { type Browser, browse, CHROMIUM, type Look, NEEDS_CHROMIUM } from "./browser.ts";

setDefaultTimeout(60_000);

const inBrowser = CHROMIUM === null ? test.skip : test;

async function published(site: Site): Promise<string> {
  expect(await runSubject(["page", "-c", site.config])).toEqual({ code: 0, stdout: "", stderr: "" });
  return `file://${join(site.out, "index.html")}`;
}

async function look(url: string, use: (browser: Browser) => Promise<void>, how: Look = {}): Promise<void> {
  const browser = await browse(url, how);
  try {
    await use(browser);
  } finally {
    browser.view.close();
  }
}

const TEXT = (selector: string) => `document.querySelector(${JSON.stringify(selector)})?.textContent ?? null`;
const TEXTS = (selector: string) =>
  `[...document.querySelectorAll(${JSON.stringify(selector)})].map((one) => one.textContent)`;
const FOCUS = `document.activeElement?.id || document.activeElement?.className || document.activeElement?.tagName`;

/** Digits alone: groups are apart by a narrow space. */
const digits = (text: string | null) => Number((text ?? "").replace(/[^\d.]/g, ""));

let site: Site;
let url = "";
beforeAll(async () => {
  if (CHROMIUM === null) return;
  site = await makeSite({ resources: 1000, hostile: true });
  url = await published(site);
});
afterAll(() => {
  if (CHROMIUM !== null) Bun.WebView.closeAll();
});

describe("from a file", () => {
  inBrowser(`nothing is asked for, the console is empty and nothing moves${NEEDS_CHROMIUM}`, () =>
    look(url, async ({ requests, messages, evaluate }) => {
      expect(await evaluate<string>("document.documentElement.dataset.ready")).toBeString();
      expect([requests, messages]).toEqual([[], []]);
      expect(await evaluate<number>("window.shift")).toBeLessThan(0.01);
      expect(await evaluate<string>("document.title")).toBe("Storage: Storage");
    }),
  );

  inBrowser(`its sums are those of the snapshot${NEEDS_CHROMIUM}`, () =>
    look(url, async ({ evaluate }) => {
      const { result } = JSON.parse(readFileSync(site.newest, "utf8"));
      const total = (type: string) =>
        result.storageResources
          .flatMap(
            ({ quotas }: { quotas: { type: string; quota: number; enforcementType: string }[] | null }) =>
              quotas ?? [],
          )
          .filter(
            (one: { type: string; enforcementType: string }) =>
              one.type === type && one.enforcementType === "hard",
          )
          .reduce((sum: number, { quota }: { quota: number }) => sum + quota, 0);
      expect(digits(await evaluate(TEXT("#count")))).toBe(999);
      expect(digits(await evaluate(TEXT("#space")))).toBe(total("space"));
      expect(digits(await evaluate("document.querySelector('#inodes').title"))).toBe(total("inodes"));
      const held = await evaluate<string[]>(
        `[...document.querySelectorAll(".tile")].map((one) => one.getAttribute("aria-label").match(/, ([^,]*)\\u00a0TB,/)[1])`,
      );
      expect(held.reduce((sum, text) => sum + digits(text), 0)).toBeCloseTo(total("space"), 2);
    }),
  );

  inBrowser(`hostile names are text, and run nothing${NEEDS_CHROMIUM}`, () =>
    look(url, async ({ evaluate, type, messages }) => {
      await evaluate(`document.querySelector("#search").focus()`);
      for (const name of HOSTILE.filter((one) => !one.includes("\u202e") && !one.includes("\u0000"))) {
        await evaluate(`document.querySelector("#search").value = ""`);
        await type(name.slice(0, 40));
        const cells = await evaluate<string[]>(
          TEXTS('.rows [data-title="Project"], .rows [data-title="Tenant"]'),
        );
        expect([name, cells.some((cell) => cell.startsWith(name.slice(0, 200)))]).toEqual([name, true]);
      }
      expect(await evaluate<number>("document.querySelectorAll('main img, main script').length")).toBe(0);
      expect(await evaluate<string>("document.title")).toBe("Storage: Storage");
      expect(messages).toEqual([]);
    }),
  );

  inBrowser(
    `its policy refuses another script, HTML made of text, and every address${NEEDS_CHROMIUM}`,
    async () => {
      const injected = join(site.directory, "injected.html");
      const html = readFileSync(join(site.out, "index.html"), "utf8");
      writeFileSync(
        injected,
        html.replace(
          "<noscript>",
          `<script>document.title = "run"</script><img src="https://example.org/x.png"><noscript>`,
        ),
      );
      await look(`file://${injected}`, async ({ evaluate, messages, view }) => {
        expect(await evaluate<string>("document.title")).toBe("Storage: Storage");
        expect(messages.filter((line) => line.includes("Content Security Policy"))).toHaveLength(2);
        const outcome = (code: string) =>
          evaluate<string>(
            `(async () => { try { ${code}; return "done" } catch (error) { return error.name } })()`,
          );
        expect(await outcome(`document.body.innerHTML = "<b>x</b>"`)).toBe("TypeError");
        expect(await outcome(`await fetch("https://example.org/")`)).toBe("TypeError");
        const script = `const made = document.createElement("script"); made.textContent = "1"`;
        expect(await outcome(script)).toBe("TypeError");
        expect(view.url).toBe(`file://${injected}`);
      });
    },
  );

  inBrowser(`shows orders, problems and what changed${NEEDS_CHROMIUM}`, () =>
    look(url, async ({ evaluate }) => {
      expect(await evaluate<string>(TEXT("#orders"))).toContain("bad-limit: limits.storage is negative: -1");
      expect(await evaluate<string>(TEXT("#problems"))).toContain("correct the limit in Waldur");
      expect(await evaluate<string>(TEXT(".changes b"))).toBe("2 new, 1 gone, 20 changed");
    }),
  );

  inBrowser(`can be used by the keyboard alone${NEEDS_CHROMIUM}`, () =>
    look(url, async ({ evaluate, press, type }) => {
      const rows = () => evaluate<string>(TEXT(".found"));
      await press("Tab");
      expect(await evaluate<string>(FOCUS)).toBe("skip");
      await press("Enter");
      await type("data-77");
      expect(await rows()).toStartWith("1–11 of 11 resources");
      // Search, filter, eight headings: the first path.
      await press("Tab", 10);
      await press("Enter");
      expect(await evaluate<string>(TEXT(".detail"))).toContain("UUID");
      expect(await evaluate<string>(FOCUS)).toBe("path");
      await evaluate(`document.querySelector(".tile").focus()`);
      const all = await evaluate<string>(TEXT(".tile .name"));
      await press("ArrowRight");
      expect(
        await evaluate<number>(`[...document.querySelectorAll(".tile")].indexOf(document.activeElement)`),
      ).toBe(1);
      await press("Home");
      await press("Enter");
      expect(await evaluate<string[]>(TEXTS(".crumb"))).toEqual(["All tenants", all]);
      expect(await evaluate<string>(TEXT(".chip"))).toContain(all);
      expect(await evaluate<string>(FOCUS)).toStartWith("tile");
      await press("Escape");
      expect(await evaluate<string[]>(TEXTS(".crumb"))).toEqual(["All tenants"]);
    }),
  );

  inBrowser(`sorts by every column, and pages through the rows${NEEDS_CHROMIUM}`, () =>
    look(url, async ({ evaluate }) => {
      const cells = (title: string) => evaluate<string[]>(TEXTS(`.rows [data-title="${title}"]`));
      const space = (await cells("Space")).map(digits);
      expect(space).toEqual([...space].sort((one, other) => other - one));
      for (const [at, title] of [
        [1, "Tenant"],
        [2, "Project"],
        [5, "Space"],
      ] as const) {
        await evaluate(`document.querySelectorAll(".sort")[${at}].click()`);
        const texts = await cells(title);
        const { compare } = new Intl.Collator("en", { numeric: true });
        expect(texts).toEqual(
          title === "Space" ? texts.toSorted((a, b) => digits(b) - digits(a)) : texts.toSorted(compare),
        );
      }
      await evaluate(`document.querySelector("#last").click()`);
      expect(await evaluate<string>(TEXT(".found"))).toStartWith("951–999 of 999 resources");
      expect(await evaluate<string>(`document.querySelector('[aria-sort="descending"]').textContent`)).toBe(
        "Space",
      );
      await evaluate(`document.querySelector("#which").value = "gone"`);
      await evaluate(`document.querySelector("#which").dispatchEvent(new Event("change"))`);
      expect(await evaluate<string[]>(TEXTS(".rows tr.gone .path"))).toHaveLength(1);
    }),
  );

  inBrowser(`is printed in dark letters on white, also where it is looked at in dark${NEEDS_CHROMIUM}`, () =>
    look(
      url,
      async ({ evaluate }) => {
        expect(await evaluate<string>("getComputedStyle(document.body).backgroundColor")).toBe(
          "rgb(255, 255, 255)",
        );
        expect(await evaluate<string[]>(CONTRASTS)).toEqual([]);
      },
      { width: 1000, scheme: "dark", media: "print" },
    ),
  );

  for (const scheme of ["light", "dark"] as const)
    for (const width of [360, 1600])
      inBrowser(`fits ${width} pixels in ${scheme}, with a contrast of 4.5 and more${NEEDS_CHROMIUM}`, () =>
        look(
          url,
          async ({ evaluate, messages }) => {
            expect(await evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
            expect(await evaluate<string[]>(CONTRASTS)).toEqual([]);
            expect(messages).toEqual([]);
          },
          { width, scheme },
        ),
      );
});

/** Texts whose colour is too near to that of what is behind them, as the canvas of the browser knows colours. */
const CONTRASTS = `(() => {
  const pixel = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => { pixel.clearRect(0, 0, 1, 1); pixel.fillStyle = colour; pixel.fillRect(0, 0, 1, 1); return [...pixel.getImageData(0, 0, 1, 1).data]; };
  const light = (colour) => rgb(colour).slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (one) => { for (let at = one; at !== null; at = at.parentElement) { const colour = getComputedStyle(at).backgroundColor; if (rgb(colour)[3] === 255) return colour; } return "white"; };
  const bad = new Set();
  for (const one of document.querySelectorAll("body *")) {
    if (![...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== "")) continue;
    if (one.matches("script, noscript, :disabled, option, .hidden")) continue;
    const [a, b] = [light(getComputedStyle(one).color), light(behind(one))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) bad.add(one.tagName + "." + one.className + " " + ratio.toFixed(2));
  }
  return [...bad];
})()`;

const served = CHROMIUM === null || !CAN_SERVE ? test.skip : test;

served(
  `from nginx, with the server block that is shown, it is the same${NEEDS_CHROMIUM}${NEEDS_NGINX}`,
  async () => {
    const taken = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
    const { port = 0 } = taken;
    await taken.stop(true);
    const server = await serveStage(site, port);
    try {
      await look(`http://127.0.0.1:${port}/`, async ({ evaluate, requests, messages }) => {
        expect(digits(await evaluate(TEXT("#count")))).toBe(999);
        expect([requests, messages]).toEqual([[], []]);
      });
      const { headers } = await server.get("/");
      expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
      expect(headers.get("cache-control")).toBe("no-cache");
    } finally {
      await server.stop();
    }
  },
);

inBrowser(
  `100 000 resources can be used within 3 s, and searched in less than one${NEEDS_CHROMIUM}`,
  async () => {
    const large = await makeSite({ resources: 100_000 });
    const address = await published(large);
    await look(address, async ({ evaluate, view, messages }) => {
      expect(Number(await evaluate<string>("document.documentElement.dataset.ready"))).toBeLessThan(3000);
      expect(digits(await evaluate(TEXT("#count")))).toBe(99_999);
      const times = await evaluate<number[]>(`(async () => {
      const times = [];
      const timed = async (act) => { const from = performance.now(); act(); times.push(performance.now() - from); await new Promise((done) => setTimeout(done, 200)); };
      await timed(() => document.querySelectorAll(".sort")[0].click());
      await timed(() => document.querySelector(".tile").click());
      await timed(() => document.querySelector(".crumb").click());
      return times;
    })()`);
      expect(times.filter((ms) => ms > 1500)).toEqual([]);
      await evaluate(`document.querySelector("#search").focus()`);
      await view.type("project-3 data-77");
      await Bun.sleep(500);
      expect(await evaluate<string>(TEXT(".rows .path"))).toContain("/project-3");
      expect(messages).toEqual([]);
    });
  },
);
