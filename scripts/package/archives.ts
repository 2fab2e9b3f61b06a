// A tree of files as an archive of each format, by the formats' own tools. The same tree gives the same bytes: owners,
// modes, times and order are fixed, and nothing of the build machine is in it.

import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "pathe";
import { type Format, pathsBelow, type Release, settle, source } from "./tree.ts";

const root = resolve(import.meta.dir, "../..");
const NAME = "waldur-cscs-storage";

const ARCHITECTURES = {
  x64: { deb: "amd64", rpm: "x86_64" },
  arm64: { deb: "arm64", rpm: "aarch64" },
} as const;
export type Architecture = keyof typeof ARCHITECTURES;

/** The tools that are not on every machine, with Debian's package of each. */
export const TOOLS = { "dpkg-deb": "dpkg", rpmbuild: "rpm", tar: "tar" };

export type Work = {
  tree: string;
  scratch: string;
  out: string;
  release: Release;
  architecture: Architecture;
};

export function archiveName(format: Format, version: string, architecture: Architecture): string {
  const { deb, rpm } = ARCHITECTURES[architecture];
  if (format === "deb") return `${NAME}_${version}-1_${deb}.deb`;
  if (format === "rpm") return `${NAME}-${version}-1.${rpm}.rpm`;
  return `${NAME}-${version}-linux-${architecture}.tar.gz`;
}

/** Writes the archive into `out`. */
export async function writeArchive(format: Format, work: Work): Promise<void> {
  const archive = join(work.out, archiveName(format, work.release.version, work.architecture));
  await { deb: writeDeb, rpm: writeRpm, "tar.gz": writeTarball }[format](archive, work);
}

async function writeTarball(archive: string, { tree, scratch, release, architecture }: Work): Promise<void> {
  const name = archiveName("tar.gz", release.version, architecture).replace(".tar.gz", "");
  const tar = join(scratch, "tar");
  const fixed = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--format=gnu"];
  await run(["tar", ...fixed, `--transform=s,^\\.,${name},`, "-C", tree, "-cf", tar, "."], release);
  writeFileSync(archive, Bun.gzipSync(readFileSync(tar), { library: "libdeflate", level: 6 }));
}

async function writeDeb(archive: string, { tree, release, architecture }: Work): Promise<void> {
  const files = pathsBelow(tree).filter((path) => !path.endsWith("/"));
  const kilobytes = files.reduce((sum, path) => sum + Math.ceil(statSync(join(tree, path)).size / 1024), 0);
  const control: Record<string, string> = {
    control: source("packaging/deb/control")
      .replace("@VERSION@", `${release.version}-1`)
      .replace("@ARCHITECTURE@", ARCHITECTURES[architecture].deb)
      .replace("@INSTALLED_SIZE@", `${kilobytes}`),
    md5sums: files.map((path) => `${md5Of(join(tree, path))}  ${path}\n`).join(""),
  };
  for (const name of ["postinst", "prerm", "postrm"]) control[name] = source(`packaging/deb/${name}`);
  mkdirSync(join(tree, "DEBIAN"));
  for (const [name, text] of Object.entries(control)) writeFileSync(join(tree, "DEBIAN", name), text);
  settle(tree, release);
  // Every dpkg reads gzip, and lintian refuses zstd.
  await run(["dpkg-deb", "--build", "--root-owner-group", "-Zgzip", "-z4", tree, archive], release);
}

async function writeRpm(archive: string, { tree, scratch, release, architecture }: Work): Promise<void> {
  const files = pathsBelow(tree)
    .filter((path) => !path.endsWith("/") || path.startsWith(`usr/share/doc/${NAME}/`))
    .map((path) => `${path.endsWith("/") ? `%dir "/${path.slice(0, -1)}"` : `"/${path}"`}\n`);
  const list = join(scratch, "list");
  writeFileSync(list, `%defattr(-,root,root)\n${files.join("")}`);
  const defines = {
    _topdir: scratch,
    project_version: release.version,
    tree,
    list,
    _buildhost: "localhost",
    use_source_date_epoch_as_buildtime: "1",
    clamp_mtime_to_source_date_epoch: "1",
    // As it is: not stripped, no links by build id, no byte compilation.
    __os_install_post: "%{nil}",
    debug_package: "%{nil}",
    _build_id_links: "none",
    _binary_payload: "w3.zstdio",
  };
  const defined = Object.entries(defines).flatMap(([name, value]) => ["--define", `${name} ${value}`]);
  const target = `${ARCHITECTURES[architecture].rpm}-linux`;
  const spec = join(root, "packaging/rpm.spec");
  await run(["rpmbuild", "-bb", "--quiet", "--noclean", "--target", target, ...defined, spec], release);
  const directory = join(scratch, "RPMS", ARCHITECTURES[architecture].rpm);
  const [made = ""] = readdirSync(directory);
  renameSync(join(directory, made), archive);
}

async function run(command: readonly string[], { releasedAt }: Release): Promise<void> {
  const child = Bun.spawn([...command], {
    env: {
      ...process.env,
      LC_ALL: "C.UTF-8",
      TZ: "UTC",
      SOURCE_DATE_EPOCH: `${releasedAt.getTime() / 1000}`,
    },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [code, stdout, stderr] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  if (code !== 0) throw new Error(`${command[0]} ended with ${code}: ${stdout}${stderr}`);
}

function md5Of(path: string): string {
  return new Bun.CryptoHasher("md5").update(readFileSync(path)).digest("hex");
}
