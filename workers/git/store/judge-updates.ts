// Which moves of refs are taken, given what the refs are now. Pure.
import { type Oid, ZERO_OID } from "../object/oid.ts";
import { listParentNames } from "../wire/ref-name.ts";

export type RefOutcome = { readonly name: string } & (
  | { readonly status: "ok" }
  /** The ref isn't what the pusher saw. */
  | { readonly status: "stale" }
  /** A ref of the other name exists, and one name would have to be a folder. */
  | { readonly status: "conflict"; readonly other: string }
  | { readonly status: "default-branch" }
  /** A rule of the repository is against it. */
  | { readonly status: "refused"; readonly reason: string }
  /** Another ref was refused, and all were to move or none. */
  | { readonly status: "atomic" }
  | { readonly status: "gone" }
  /** The packs of the repository would take more than it may have. */
  | { readonly status: "over-quota" }
);

interface Move {
  readonly name: string;
  readonly before: Oid;
  readonly after: Oid;
}

/**
 * Judges each move against the refs as they are and as the moves before it leave them; deletions come first.
 * @param current the refs of these names, and any above and below the names of those to be made
 * @param rules `refusals`: by the name of a ref, why its move isn't taken even if it is up to date
 */
export function judgeUpdates(
  current: ReadonlyMap<string, Oid>,
  moves: readonly Move[],
  rules: {
    readonly isAtomic: boolean;
    readonly defaultRef: string;
    readonly refusals?: ReadonlyMap<string, string>;
  },
): RefOutcome[] {
  const refs = new RefNames(current);
  const outcomes = new Map<Move, RefOutcome>();
  const deletions = moves.filter((move) => move.after === ZERO_OID);
  const others = moves.filter((move) => move.after !== ZERO_OID);
  for (const move of [...deletions, ...others]) {
    const outcome = judgeMove(refs, move, rules.defaultRef, rules.refusals?.get(move.name));
    outcomes.set(move, outcome);
    if (outcome.status !== "ok") continue;
    if (move.after === ZERO_OID) refs.delete(move.name);
    else refs.set(move.name, move.after);
  }
  const judged = moves.map((move) => outcomes.get(move)!);
  if (!rules.isAtomic || judged.every((outcome) => outcome.status === "ok")) return judged;
  return judged.map((outcome) =>
    outcome.status === "ok" ? { name: outcome.name, status: "atomic" } : outcome,
  );
}

function judgeMove(refs: RefNames, move: Move, defaultRef: string, reason: string | undefined): RefOutcome {
  const { name, before, after } = move;
  if ((refs.get(name) ?? ZERO_OID) !== before) return { name, status: "stale" };
  if (reason !== undefined) return { name, status: "refused", reason };
  if (after === ZERO_OID) return { name, status: name === defaultRef ? "default-branch" : "ok" };
  const other = before === ZERO_OID ? refs.findConflict(name) : null;
  return other === null ? { name, status: "ok" } : { name, status: "conflict", other };
}

/** Refs by name, and the folders that their names make. */
class RefNames {
  private readonly oids = new Map<string, Oid>();
  /** By folder: the refs below it. */
  private readonly below = new Map<string, Set<string>>();

  constructor(refs: ReadonlyMap<string, Oid>) {
    for (const [name, oid] of refs) this.set(name, oid);
  }

  get(name: string): Oid | undefined {
    return this.oids.get(name);
  }

  set(name: string, oid: Oid): void {
    this.oids.set(name, oid);
    for (const folder of listParentNames(name)) {
      const below = this.below.get(folder);
      if (below === undefined) this.below.set(folder, new Set([name]));
      else below.add(name);
    }
  }

  delete(name: string): void {
    this.oids.delete(name);
    for (const folder of listParentNames(name)) this.below.get(folder)?.delete(name);
  }

  /** A ref that can't exist beside one of this name, or null. */
  findConflict(name: string): string | null {
    const above = listParentNames(name).find((folder) => this.oids.has(folder));
    const [below] = this.below.get(name) ?? [];
    return above ?? below ?? null;
  }
}
