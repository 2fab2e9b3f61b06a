// The browser's side of the page, bundled while this program is built: Bun runs these functions as macros, so that only
// what they return is in the binary. A macro must not call the bundler in its own process, hence another one.

import { join } from "node:path";

const BROWSER = join(import.meta.dir, "browser");

/** One script, in which nothing could end the element that it is in. */
export function pageScript(): string {
  return bundled("main.ts", ["--format=iife"]).replaceAll("</script", "<\\/script").trim();
}

export function pageStyle(): string {
  return bundled("style.css", []).trim();
}

function bundled(name: string, more: readonly string[]): string {
  const [bun = ""] = Bun.argv;
  const built = Bun.spawnSync([
    ...[bun, "build", join(BROWSER, name), "--target=browser", "--minify", ...more],
  ]);
  if (!built.success) throw new Error(`${name} cannot be bundled: ${built.stderr}`);
  return built.stdout.toString();
}
