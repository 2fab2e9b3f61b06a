// A run reaches files through descriptors of directories, so a trace shows `/proc/self/fd/7/name`. For people, and for
// tests that ask which file a call was about, this puts the directory's path there.

/** The log of strace (with `-y` or `-yy`) with the paths that the descriptors had at that moment. */
export function resolveDescriptors(log: string): string {
  const paths = new Map<string, string>();
  return log
    .split("\n")
    .map((line) => {
      const opened = /= (\d+)<([^<>]+)>$/.exec(line);
      const resolved = line.replace(/"\/proc\/self\/fd\/(\d+)/g, (whole, fd: string) => {
        const path = paths.get(fd);
        return path === undefined ? whole : `"${path}`;
      });
      if (opened?.[1] !== undefined && opened[2] !== undefined) paths.set(opened[1], opened[2]);
      return resolved;
    })
    .join("\n");
}
