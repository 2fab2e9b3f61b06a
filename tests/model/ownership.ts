// Who holds which path, by the files that were published: fed with every file in the order of publication. It knows the
// rules of the contract by itself and shares nothing with the program.

export type Statement = {
  resource: string;
  path: string;
  /** The name of an order file; null for an entry of a snapshot. */
  orderFile: string | null;
};

export type Claim = {
  path: string;
  /** false: only files that are lost with all state could prove it. */
  sure: boolean;
  /** Numbers of the steps at which it was made, and last confirmed. */
  step: number;
  support: Set<string>;
};

const SNAPSHOTS = "snapshots";

export class Ownership {
  readonly #claims = new Map<string, Map<string, Claim>>();
  /** What the newest file says; null where several answers are right. */
  readonly #current = new Map<string, string | null>();
  readonly #moves = new Map<string, number>();

  /** `isClear` false: clocks or two runs at once leave open which statement is the newer one. */
  record(
    { resource, path, orderFile }: Statement,
    { step, isClear }: { step: number; isClear: boolean },
  ): void {
    const claims = this.#of(resource);
    const claim = claims.get(path) ?? { path, sure: true, step, support: new Set() };
    claims.set(path, claim);
    claim.sure = true;
    claim.support.add(orderFile ?? SNAPSHOTS);
    if (claims.size > 1 && this.#current.get(resource) !== path) this.#moves.set(resource, step);
    this.#current.set(resource, claims.size === 1 || isClear ? path : null);
  }

  /** Every path that files gave to it. */
  claimsOf(resource: string): readonly Claim[] {
    return [...(this.#claims.get(resource)?.values() ?? [])];
  }

  isNamed(resource: string): boolean {
    return this.claimsOf(resource).length > 0;
  }

  /** Some file still proves a path of it. */
  isProved(resource: string): boolean {
    return this.claimsOf(resource).some(({ sure }) => sure);
  }

  /** The one path that it has; null where files leave it open, or name none. */
  pathOf(resource: string): string | null {
    return this.#current.get(resource) ?? null;
  }

  /** The step of the last move. */
  movedAt(resource: string): number | null {
    return this.#moves.get(resource) ?? null;
  }

  holders(): readonly string[] {
    return [...this.#claims.keys()];
  }

  isNamedByOrder(resource: string): boolean {
    return this.claimsOf(resource).some(({ support }) => [...support].some((name) => name !== SNAPSHOTS));
  }

  /** `--repath` gave it another path: what it had before need not be remembered. */
  repathed(resource: string, path: string): void {
    for (const claim of this.claimsOf(resource)) if (claim.path !== path) claim.sure = false;
  }

  /** Only files that are there still prove anything: of claims the newest snapshot and the order files. */
  forgetClaims(stillNamed: readonly Statement[]): void {
    this.#keep((resource, { path }) =>
      stillNamed
        .filter((one) => one.resource === resource && one.path === path)
        .map(({ orderFile }) => orderFile ?? SNAPSHOTS),
    );
  }

  /** Order files are lost: what a snapshot has said is known all the same. */
  forgetOrderFiles(): void {
    this.#keep((_, { support }) => [...support].filter((name) => name === SNAPSHOTS));
  }

  #keep(supportOf: (resource: string, claim: Claim) => string[]): void {
    for (const [resource, claims] of this.#claims) {
      for (const claim of claims.values()) {
        claim.support = new Set(supportOf(resource, claim));
        claim.sure &&= claim.support.size > 0;
      }
      const [one, ...others] = [...claims.values()];
      const isOne = one?.sure === true && others.length === 0;
      this.#current.set(resource, isOne ? one.path : null);
    }
  }

  #of(resource: string): Map<string, Claim> {
    const claims = this.#claims.get(resource) ?? new Map<string, Claim>();
    this.#claims.set(resource, claims);
    return claims;
  }
}
