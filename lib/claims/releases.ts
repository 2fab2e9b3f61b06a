// Claims that an administrator released. The files that named them are still there, so it is remembered that nothing as
// old as the release counts any more (docs/contract.md, "Mount points").

/** `at`: when, in milliseconds. */
export type Release = { path: string; at: number };

/** By number of the resource. */
export type StoredReleases = ReadonlyMap<number, readonly Release[]>;

export type Releases = {
  add(owner: number, release: Release): void;
  /** Whether a statement of that time, in milliseconds, is no newer than a release of the path. */
  covers(owner: number, path: string, since: number): boolean;
  stored(): StoredReleases;
};

export function createReleases(stored: StoredReleases): Releases {
  const releases = new Map(stored);
  return {
    add(owner, release) {
      releases.set(owner, [...(releases.get(owner) ?? []), release]);
    },
    covers(owner, path, since) {
      const own = releases.size === 0 ? undefined : releases.get(owner);
      return own?.some((one) => one.at >= since && isSamePath(one.path, path)) ?? false;
    },
    stored: () => releases,
  };
}

function isSamePath(one: string, other: string): boolean {
  return one === other || one.normalize("NFC") === other.normalize("NFC");
}
