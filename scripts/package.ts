// Packages for both kinds of machine in dist/packages: tar.gz, deb and rpm, an SBOM, and their sums. The program of
// this machine is dist/waldur-cscs-storage itself, which the tests ran; that of the other is cross-built beside it.
// `--out DIR` writes them elsewhere. The same commit gives the same bytes.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "pathe";
import manifest from "../package.json" with { type: "json" };
import { nativeTarget } from "./compile.ts";
import { type Architecture, TOOLS, writeArchive } from "./package/archives.ts";
import { renderSbom } from "./package/sbom.ts";
import { type Format, type Release, writeTree } from "./package/tree.ts";

const root = resolve(import.meta.dir, "..");
const dist = join(root, "dist");
const native = join(dist, "waldur-cscs-storage");

if (import.meta.main) await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<void> {
  const [flag, directory = join(dist, "packages")] = args;
  if (flag !== undefined && (flag !== "--out" || args.length !== 2))
    fail("usage: package.ts [--out DIR]", 64);
  for (const [tool, debian] of Object.entries(TOOLS))
    if (Bun.which(tool) === null) fail(`${tool} is missing; it is in Debian's package ${debian}`);
  if (!existsSync(native)) fail("there is no dist/waldur-cscs-storage; `bun run build` makes it");
  const programs = { x64: programFor("x64"), arm64: programFor("arm64") };
  await packageAll(
    { version: manifest.version, releasedAt: releaseDate() },
    { programs, out: resolve(directory) },
  );
  console.error(`packages of ${manifest.version} are in ${directory}`);
}

/** Writes all archives into `out`, in the place of what it held. */
export async function packageAll(
  release: Release,
  { programs, out }: { programs: Partial<Record<Architecture, string>>; out: string },
): Promise<void> {
  mkdirSync(join(out, ".."), { recursive: true });
  const scratch = mkdtempSync(`${out}-`);
  try {
    const ready = join(scratch, "ready");
    mkdirSync(ready);
    const sbom = renderSbom(release.version, release.releasedAt);
    writeFileSync(join(ready, `waldur-cscs-storage-${release.version}.cdx.json`), sbom);
    for (const architecture of ["x64", "arm64"] as const) {
      const binary = programs[architecture];
      if (binary === undefined) continue;
      const write = (format: Format) => packageOne(format, { scratch, ready, release, architecture, binary });
      await Promise.all([write("deb"), write("rpm"), write("tar.gz")]);
    }
    writeFileSync(join(ready, "SHA256SUMS"), sumsOf(ready));
    rmSync(out, { recursive: true, force: true });
    renameSync(ready, out);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

type One = { scratch: string; ready: string; release: Release; architecture: Architecture; binary: string };

async function packageOne(
  format: Format,
  { scratch, ready, release, architecture, binary }: One,
): Promise<void> {
  const own = join(scratch, `${format}-${architecture}`);
  const tree = join(own, "tree");
  mkdirSync(tree, { recursive: true });
  writeTree(tree, format, { release, binary, printed });
  await writeArchive(format, { tree, scratch: own, out: ready, release, architecture });
  rmSync(own, { recursive: true });
}

/** Manual and completions are the same for each target, and only the program of this machine runs here. */
function printed(command: readonly string[]): string {
  const ran = Bun.spawnSync([native, ...command], { env: {}, stdout: "pipe", stderr: "pipe" });
  if (ran.exitCode !== 0) throw new Error(`${command.join(" ")} ended with ${ran.exitCode}: ${ran.stderr}`);
  return `${ran.stdout}`;
}

function programFor(architecture: Architecture): string {
  const target = `bun-linux-${architecture}`;
  if (target === nativeTarget()) return native;
  const built = Bun.spawnSync([process.execPath, join(root, "scripts/build.ts"), "--target", target], {
    stdout: "inherit",
    stderr: "inherit",
  });
  if (built.exitCode !== 0) fail(`the build for ${target} failed`);
  return join(dist, `waldur-cscs-storage-${manifest.version}-linux-${architecture}`);
}

/** SOURCE_DATE_EPOCH, or the time of the last commit. */
function releaseDate(): Date {
  const epoch =
    process.env.SOURCE_DATE_EPOCH ||
    `${Bun.spawnSync(["git", "log", "-1", "--format=%ct"], { cwd: root, stderr: "ignore" }).stdout}`.trim();
  if (!/^\d+$/.test(epoch)) fail("there is no commit to take the time from; set SOURCE_DATE_EPOCH");
  return new Date(Number(epoch) * 1000);
}

function sumsOf(directory: string): string {
  return readdirSync(directory)
    .sort()
    .map((name) => {
      const sum = new Bun.CryptoHasher("sha256").update(readFileSync(join(directory, name))).digest("hex");
      return `${sum}  ${name}\n`;
    })
    .join("");
}

function fail(message: string, code = 1): never {
  console.error(`package: ${message}`);
  process.exit(code);
}
