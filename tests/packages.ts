// The packages that tests install: built once in a test run, by the script that a release is made with.

import { join } from "pathe";
import { ROOT } from "./pages.ts";
import { runCommand } from "./stage.ts";

const missing = ["rpmbuild", "rpm", "dpkg-deb", "dpkg"].filter((tool) => Bun.which(tool) === null);

/** Appended to the name of a test that is skipped. */
export const NEEDS_TOOLS = missing.length === 0 ? "" : ` (skipped: needs ${missing.join(", ")})`;

let built: Promise<string> | undefined;

/** The directory with all of them. Outside of a test's own files, which go with it. */
export function builtPackages(): Promise<string> {
  built ??= packageInto(join(ROOT, "dist", "tested-packages"));
  return built;
}

export async function packageInto(out: string, command: readonly string[] = []): Promise<string> {
  const script = join(ROOT, "scripts", "package.ts");
  // With the environment, which may name the package registry.
  const env = { ...process.env, SOURCE_DATE_EPOCH: "1795000000" } as Record<string, string>;
  const ran = await runCommand([...command, process.execPath, script, "--out", out], { env });
  if (ran.code !== 0) throw new Error(`no packages: ${ran.stderr}`);
  return out;
}
