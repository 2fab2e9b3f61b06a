/** Waits until something holds that another process brings about; gives up after ten seconds. */
export async function waitFor(holds: () => boolean): Promise<void> {
  const until = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > until) throw new Error(`waited in vain for ${holds}`);
    await Bun.sleep(2);
  }
}
