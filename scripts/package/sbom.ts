// What the program is made of, from package.json and bun.lock: a CycloneDX document, and the licences of the parts. The
// same lock file gives the same bytes.

import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "pathe";
import manifest from "../../package.json" with { type: "json" };

const root = resolve(import.meta.dir, "../..");

type Locked = [
  id: string,
  registry: string,
  more: { dependencies?: Record<string, string> },
  integrity: string,
];
type Part = { name: string; version: string; integrity: string; dependencies: string[] };

/** Everything that is bundled: the dependencies of the project and theirs, sorted by name. */
function bundledParts(): Part[] {
  const text = readFileSync(join(root, "bun.lock"), "utf8");
  const { packages } = Bun.JSONC.parse(text) as { packages: Record<string, Locked> };
  const parts = new Map<string, Part>();
  const take = (name: string) => {
    if (parts.has(name)) return;
    const locked = packages[name];
    if (locked === undefined) throw new Error(`bun.lock does not have ${name}`);
    const [id, , more, integrity] = locked;
    const dependencies = Object.keys(more.dependencies ?? {}).sort();
    parts.set(name, { name, version: id.slice(name.length + 1), integrity, dependencies });
    dependencies.forEach(take);
  };
  Object.keys(manifest.dependencies).forEach(take);
  return [...parts.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** CycloneDX 1.5. */
export function renderSbom(version: string, releasedAt: Date): string {
  const parts = bundledParts();
  const purl = ({ name, version }: Pick<Part, "name" | "version">) =>
    `pkg:npm/${name.replace("@", "%40")}@${version}`;
  const bun = { type: "application", "bom-ref": "bun", name: "bun", version: Bun.version };
  const own = { type: "application", "bom-ref": manifest.name, name: manifest.name, version };
  const licenses = (id: string) => [{ license: { id } }];
  const sbom = {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: {
      timestamp: releasedAt.toISOString(),
      component: { ...own, licenses: licenses(manifest.license), description: manifest.description },
    },
    components: [
      { ...bun, licenses: licenses("MIT"), purl: purl({ name: "bun", version: Bun.version }) },
      ...parts.map((part) => ({
        type: "library",
        "bom-ref": purl(part),
        name: part.name,
        version: part.version,
        hashes: [{ alg: "SHA-512", content: hexOf(part.integrity) }],
        licenses: licenses(licenseOf(part.name)),
        purl: purl(part),
      })),
    ],
    dependencies: [
      {
        ref: manifest.name,
        dependsOn: [
          "bun",
          ...parts.filter(({ name }) => Object.hasOwn(manifest.dependencies, name)).map(purl),
        ],
      },
      ...parts.map((part) => ({
        ref: purl(part),
        dependsOn: parts.filter(({ name }) => part.dependencies.includes(name)).map(purl),
      })),
    ],
  };
  return `${JSON.stringify(sbom, null, 2)}\n`;
}

/** The licence texts that go with the program. */
export function renderLicenses(): string {
  const texts = bundledParts().map(({ name, version }) => {
    const directory = join(root, "node_modules", name);
    const file = readdirSync(directory).find((entry) => /^licen[cs]e(\.md|\.txt)?$/i.test(entry));
    if (file === undefined) throw new Error(`${name} comes without its licence`);
    return `${name} ${version}\n\n${readFileSync(join(directory, file), "utf8").trim()}\n`;
  });
  const bun = `bun ${Bun.version}\n\nMIT, and those of the libraries in it: see the page "Licensing" of Bun's documentation.\n`;
  return [bun, ...texts].join(`\n${"=".repeat(78)}\n\n`);
}

function licenseOf(name: string): string {
  return JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8")).license;
}

function hexOf(integrity: string): string {
  return Buffer.from(integrity.replace("sha512-", ""), "base64").toString("hex");
}
