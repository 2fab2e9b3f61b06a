// The packages as `bun run package` makes them: the same bytes each time, the program that the tests ran, files of
// root, nothing that lintian calls an error; and their programs start on CPUs that this machine is not.

import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "pathe";
import manifest from "../../package.json" with { type: "json" };
import { builtPackages, NEEDS_TOOLS, packageInto } from "../packages.ts";
import { ROOT, readPage } from "../pages.ts";
import { scratchDirectory } from "../scratch.ts";
import { BINARY, runCommand } from "../stage.ts";

/** The first test of a run builds the packages. */
setDefaultTimeout(180_000);

const { version } = manifest;
const NAME = "waldur-cscs-storage";
const DEB = `${NAME}_${version}-1_amd64.deb`;
const RPM = `${NAME}-${version}-1.x86_64.rpm`;
const TAR = `${NAME}-${version}-linux-x64.tar.gz`;
const ARM = `${BINARY}-${version}-linux-arm64`;
const ARM_LIBRARIES = "/usr/aarch64-linux-gnu";

describe.skipIf(NEEDS_TOOLS !== "")(`packages${NEEDS_TOOLS}`, () => {
  let packages: string;
  const shell = async (line: string) => {
    const ran = await runCommand(["bash", "-o", "pipefail", "-c", line], { cwd: packages });
    expect({ line, code: ran.code, stderr: ran.stderr }).toMatchObject({ code: 0 });
    return ran.stdout;
  };

  beforeAll(async () => {
    packages = await builtPackages();
  });

  test("names have target and version, and the sums are right", async () => {
    expect(readdirSync(packages).sort()).toEqual(
      [
        "SHA256SUMS",
        `${NAME}-${version}.cdx.json`,
        ...[DEB, DEB.replace("amd64", "arm64")],
        ...[RPM, RPM.replace("x86_64", "aarch64")],
        ...[TAR, TAR.replace("x64", "arm64")],
      ].sort(),
    );
    expect((await shell("sha256sum --check SHA256SUMS")).trim().split("\n")).toHaveLength(7);
  });

  test.concurrent("a second build has the same bytes, whatever umask, zone, language and directory", async () => {
    const again = join(scratchDirectory("again-"), "elsewhere", "packages");
    const around =
      'umask 077; export TZ=Asia/Tokyo LC_ALL=de_DE.UTF-8 USER=somebody HOSTNAME=other; exec "$@"';
    await packageInto(again, ["bash", "-c", around, "again"]);
    const sums = (directory: string) => readFileSync(join(directory, "SHA256SUMS"), "utf8");
    expect(sums(again)).toBe(sums(packages));
  });

  test("each has the program that the tests run", async () => {
    const sum = (await shell(`sha256sum <${BINARY}`)).trim();
    const program = `usr/bin/${NAME}`;
    expect(await shell(`dpkg-deb --fsys-tarfile ${DEB} | tar -xO ./${program} | sha256sum`)).toContain(sum);
    expect(await shell(`tar -xzOf ${TAR} ${TAR.replace(".tar.gz", "")}/${program} | sha256sum`)).toContain(
      sum,
    );
    const dump = await shell(`rpm -qp --dump ${RPM}`);
    expect(dump.split("\n").find((line) => line.startsWith(`/${program} `))).toContain(
      sum.split(" ")[0] ?? "",
    );
  });

  test("every file is root's, writable for root only, and outside of /etc, /var and /srv", async () => {
    const deb = (await shell(`dpkg-deb -c ${DEB}`)).trim().split("\n");
    const tar = (await shell(`tar -tvzf ${TAR} --numeric-owner`)).trim().split("\n");
    const rpm = (await shell(`rpm -qplv ${RPM}`)).trim().split("\n");
    expect(rpm.length).toBeGreaterThan(20);
    for (const line of [...deb, ...tar, ...rpm]) {
      expect(line).toMatch(/^(?:-rw-r--r--|[d-]rwxr-xr-x) +(?:\d+ )?(?:root[ /]+root|0\/0) /);
      expect(line).toMatch(/ (?:\S*?\/)?(?:usr\/\S+|usr\/|\.\/|waldur-cscs-storage-\S+-linux-x64\/)$/);
    }
  });

  test("manual and completions are those of the program, examples those of the pages", async () => {
    const unpacked = scratchDirectory("unpacked-");
    await shell(`dpkg-deb -x ${DEB} ${unpacked}`);
    const installed = (path: string) => readFileSync(join(unpacked, "usr/share", path), "utf8");
    const printed = async (...command: string[]) => (await runCommand([BINARY, ...command], {})).stdout;
    const manual = readFileSync(join(unpacked, `usr/share/man/man1/${NAME}.1.gz`));
    expect(new TextDecoder().decode(Bun.gunzipSync(manual))).toBe(await printed("man"));
    expect(installed(`bash-completion/completions/${NAME}`)).toBe(await printed("completion", "bash"));
    expect(installed(`zsh/vendor-completions/_${NAME}`)).toBe(await printed("completion", "zsh"));
    const examples = `doc/${NAME}/examples`;
    expect(readPage("README.md").blocks("cron")).toEqual([installed(`${examples}/${NAME}.cron`)]);
    expect(readPage("docs/operations.md").blocks("yaml")).toContain(installed(`${examples}/alerts.yml`));
  });

  test("the SBOM has what bun.lock pins for the program, and nothing else", async () => {
    const sbom = await Bun.file(join(packages, `${NAME}-${version}.cdx.json`)).json();
    expect(sbom).toMatchObject({ bomFormat: "CycloneDX", metadata: { component: { name: NAME, version } } });
    const names: string[] = sbom.components.map(({ name }: { name: string }) => name);
    expect(names).toContain("bun");
    for (const name of Object.keys(manifest.dependencies)) expect(names).toContain(name);
    for (const name of Object.keys(manifest.devDependencies)) expect(names).not.toContain(name);
    const lock = readFileSync(join(ROOT, "bun.lock"), "utf8");
    for (const { name, version, hashes, licenses } of sbom.components.slice(1)) {
      const integrity = Buffer.from(hashes[0].content, "hex").toString("base64");
      expect(lock.split("\n").find((line) => line.includes(`["${name}@${version}"`))).toContain(integrity);
      expect(licenses[0].license.id).toMatch(/^(?:MIT|ISC)$/);
    }
    const refs = [NAME, ...sbom.components.map((part: { "bom-ref": string }) => part["bom-ref"])];
    for (const { ref, dependsOn } of sbom.dependencies)
      for (const named of [ref, ...dependsOn]) expect(refs).toContain(named);
  });

  test.concurrent.skipIf(Bun.which("lintian") === null)(
    "lintian finds no error (needs lintian)",
    async () => {
      const ran = await runCommand(["lintian", "--allow-root", "--fail-on", "error", DEB], { cwd: packages });
      expect(ran).toMatchObject({ code: 0 });
      // The first two are of Bun's executable, the third is about Debian's archive, and the last of scripts that ask
      // whether systemd runs before they call it for more than a link.
      expect(
        ran.stdout
          .trim()
          .split("\n")
          .map((line) => line.split(" ")[2]),
      ).toEqual([
        "hardening-no-pie",
        "hardening-no-relro",
        "initial-upload-closes-no-bugs",
        ...["maintainer-script-calls-systemctl", "maintainer-script-calls-systemctl"],
        "maintainer-script-calls-systemctl",
      ]);
    },
  );

  const emulated = [
    {
      cpu: "x64 without AVX",
      emulator: "qemu-x86_64",
      args: ["-cpu", "Nehalem"],
      program: () => BINARY,
      needs: "/",
    },
    {
      cpu: "arm64",
      emulator: "qemu-aarch64",
      args: ["-L", ARM_LIBRARIES],
      program: () => ARM,
      needs: ARM_LIBRARIES,
    },
  ];
  for (const { cpu, emulator, args, program, needs } of emulated) {
    const can = process.arch === "x64" && Bun.which(emulator) !== null && existsSync(needs);
    test.concurrent.skipIf(!can)(
      `the program for ${cpu} runs both modes and check (needs ${emulator} and its C library)`,
      async () => {
        const run = (...command: string[]) => runCommand([emulator, ...args, program(), ...command], {});
        expect(await run("--version")).toEqual({ code: 0, stdout: `${NAME} ${version}\n`, stderr: "" });
        const directory = join(scratchDirectory("emulated-"), "demo");
        const { code, stdout } = await run("demo", "--keep", directory);
        expect({ code, ends: stdout.match(/^ {2}exit {3}\d+$/gm) }).toEqual({
          code: 0,
          ends: expect.any(Array),
        });
        expect(stdout).toContain("no problems; exit code 0");
        const files = readdirSync(join(directory, "out")).filter((name) => name.endsWith(".json"));
        expect(files.length).toBeGreaterThan(3);
        for (const name of files) expect(statSync(join(directory, "out", name)).size).toBeGreaterThan(1000);
      },
    );
  }
});
