// The files of a package, as they are below `/`: the same for each format but for the places where distributions
// differ. What the pages of the documentation show is what is installed, so it is taken from there.

import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "pathe";
import { renderLicenses, renderSbom } from "./sbom.ts";

const root = resolve(import.meta.dir, "../..");
const NAME = "waldur-cscs-storage";

export type Release = { version: string; releasedAt: Date };
export type Format = "deb" | "rpm" | "tar.gz";
type Content = {
  release: Release;
  /** The program for the target. */
  binary: string;
  /** What it prints when it is called so; from the binary of this machine. */
  printed: (command: readonly string[]) => string;
};

/** Writes the tree below `into`. */
export function writeTree(into: string, format: Format, { release, binary, printed }: Content): void {
  const doc = `usr/share/doc/${NAME}`;
  const zsh = format === "deb" ? "vendor-completions" : "site-functions";
  const readme = source("README.md");
  const texts: Record<string, string | Uint8Array> = {
    [`usr/lib/sysusers.d/${NAME}.conf`]: source("packaging/sysusers.conf"),
    [`usr/lib/tmpfiles.d/${NAME}.conf`]: source("packaging/tmpfiles.conf"),
    [`usr/share/man/man1/${NAME}.1.gz`]: zipped(printed(["man"])),
    [`usr/share/bash-completion/completions/${NAME}`]: printed(["completion", "bash"]),
    [`usr/share/zsh/${zsh}/_${NAME}`]: printed(["completion", "zsh"]),
    [`${doc}/README.md`]: readme,
    [`${doc}/copyright`]: copyright(),
    [`${doc}/third-party-licenses.gz`]: zipped(renderLicenses()),
    [`${doc}/changelog.gz`]: zipped(source("CHANGELOG.md")),
    [`${doc}/sbom.cdx.json`]: renderSbom(release.version, release.releasedAt),
    [`${doc}/examples/config.yaml`]: block(readme, "yaml", /^timezone:/),
    [`${doc}/examples/${NAME}.cron`]: block(readme, "cron", /flock/),
    [`${doc}/examples/provisioner.sh`]: source("examples/provisioner.sh"),
    [`${doc}/examples/alerts.yml`]: block(source("docs/operations.md"), "yaml", /^groups:/),
  };
  if (format === "deb") texts[`${doc}/changelog.Debian.gz`] = zipped(debianChangelog(release));
  for (const name of readdirSync(join(root, "packaging/systemd")))
    texts[`usr/lib/systemd/system/${name}`] = source(`packaging/systemd/${name}`);
  for (const name of readdirSync(join(root, "docs")))
    if (name.endsWith(".md")) texts[`${doc}/docs/${name}`] = source(`docs/${name}`);
  if (format === "deb")
    texts[`usr/share/lintian/overrides/${NAME}`] = source("packaging/deb/lintian-overrides");
  for (const [path, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(into, path)), { recursive: true });
    writeFileSync(join(into, path), text);
  }
  mkdirSync(join(into, "usr/bin"), { recursive: true });
  cpSync(binary, join(into, "usr/bin", NAME));
  settle(into, release);
}

/** Modes and times that do not depend on who builds, and when. */
export function settle(tree: string, { releasedAt }: Release): void {
  for (const path of pathsBelow(tree).reverse()) {
    const isProgram = path.startsWith("usr/bin/") || /^DEBIAN\/(pre|post)/.test(path);
    chmodSync(join(tree, path), isProgram || path.endsWith("/") ? 0o755 : 0o644);
    utimesSync(join(tree, path), releasedAt, releasedAt);
  }
  chmodSync(tree, 0o755);
  utimesSync(tree, releasedAt, releasedAt);
}

/** Relative paths below a tree, sorted; those of directories end with a slash. */
export function pathsBelow(tree: string): string[] {
  return readdirSync(tree, { recursive: true, withFileTypes: true })
    .map(
      (entry) =>
        `${join(entry.parentPath, entry.name).slice(tree.length + 1)}${entry.isDirectory() ? "/" : ""}`,
    )
    .sort();
}

export function source(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** A fenced block of a page. */
function block(page: string, language: string, has: RegExp): string {
  const fences = page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"));
  const found = [...fences].map(([, body = ""]) => body).find((body) => has.test(body));
  if (found === undefined) throw new Error(`the documentation has no ${language} block with ${has}`);
  return found;
}

/** Without a name or a time in its header. */
function zipped(text: string): Uint8Array {
  return Bun.gzipSync(text, { library: "libdeflate", level: 9 });
}

function copyright(): string {
  const [, ...license] = source("LICENSE").trim().split("\n\n").slice(1);
  const lines = license.join("\n\n").split("\n");
  return source("packaging/copyright").replace(
    "@LICENSE@",
    lines.map((line) => (line === "" ? " ." : ` ${line}`)).join("\n"),
  );
}

function debianChangelog({ version, releasedAt }: Release): string {
  const date = releasedAt.toUTCString().replace("GMT", "+0000");
  return `${NAME} (${version}-1) unstable; urgency=medium

  * Version ${version}; see changelog.gz beside this file.

 -- the waldur-cscs-storage authors <storage-team@example.org>  ${date}
`;
}
