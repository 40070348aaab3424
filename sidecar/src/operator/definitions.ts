import { KubeError } from '../kube/kube-error';
import type { Clock } from '../server/time/clock';

/** Server-side apply refuses what the schema does not have. https://kubernetes.io/docs/reference/using-api/server-side-apply/ */
const UNDECLARED = /((?:\.\w+(?:\[\d+\])?)+): field not declared in schema/;

/** Milliseconds for which a refusal counts: longer than the queue waits before it tries a write again. */
const COUNTS_FOR = 120_000;

/** Whether the definitions in the cluster have the fields that are written, as far as refused writes tell. */
export class Definitions {
  private lastLack: { readonly field: string; readonly at: number } | undefined;

  constructor(private readonly clock: Clock) {}

  /** The field for whose lack a write has failed, which is remembered; undefined when it has failed for something else. */
  lack(error: unknown): string | undefined {
    const field = error instanceof KubeError ? UNDECLARED.exec(error.statusMessage ?? '')?.[1] : undefined;
    if (field !== undefined) this.lastLack = { field, at: this.clock() };
    return field;
  }

  /** Why nothing can be told to anybody; undefined when that is not known to be so. */
  problem(): string | undefined {
    if (this.lastLack === undefined || this.clock() - this.lastLack.at > COUNTS_FOR) return undefined;
    return `the definitions in the cluster are of another version: they lack ${this.lastLack.field}; apply those of this version`;
  }
}
