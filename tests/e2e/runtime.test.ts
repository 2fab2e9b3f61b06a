// Bun's executable for another kind of machine comes from a package registry, here one that has something else.

import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "pathe";
import { ROOT } from "../pages.ts";
import { scratchDirectory } from "../scratch.ts";

test("an executable of Bun with other bytes than were looked at is refused, and nothing is built", async () => {
  const scratch = scratchDirectory("registry-");
  const script = join(ROOT, "scripts", "build.ts");
  const version = Bun.version;
  const tarball = await new Bun.Archive(
    {
      "package/package.json": JSON.stringify({ name: "@oven/bun-linux-aarch64", version }),
      "package/bin/bun": "#!/bin/sh\n",
    },
    { compress: "gzip" },
  ).bytes();
  const registry = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: ({ url }) => {
      if (url.endsWith(".tgz")) return new Response(tarball);
      const dist = { tarball: `${new URL(url).origin}/bun.tgz` };
      const versions = { [version]: { name: "@oven/bun-linux-aarch64", version, dist } };
      return Response.json({ name: "@oven/bun-linux-aarch64", "dist-tags": { latest: version }, versions });
    },
  });
  try {
    const env = { ...process.env, XDG_CACHE_HOME: scratch, BUN_INSTALL_CACHE_DIR: join(scratch, "bun") };
    const child = Bun.spawn([process.execPath, script, "--target", "bun-linux-arm64"], {
      env: { ...env, BUN_CONFIG_REGISTRY: `${registry.url}`, NPM_CONFIG_REGISTRY: `${registry.url}` },
      stderr: "pipe",
    });
    const stderr = await new Response(child.stderr).text();
    expect(stderr).toMatch(
      /^build: @oven\/bun-linux-aarch64 has the SHA-256 \w{64} instead of 04778f1f\w+\n$/,
    );
    expect(await child.exited).toBe(1);
    expect(readdirSync(join(scratch, "waldur-cscs-storage"))).toEqual([]);
  } finally {
    await registry.stop(true);
  }
});
