import { CompiledPolicy, Direction } from './compile';
import { PodClass } from './parties';
import { demanded, selects } from './selector';

/** Finds the policies that select a pod, by namespace and by a label that they demand. */
export class PolicyIndex {
  private readonly byLabel = new Map<string, CompiledPolicy[]>();
  private readonly answers = new Map<PodClass, readonly CompiledPolicy[]>();

  constructor(policies: readonly CompiledPolicy[]) {
    for (const policy of policies) {
      const demand = demanded(policy.pods);
      const keys = demand === undefined ? [keyOf(policy.namespace)] : [...demand.values].map((value) => keyOf(policy.namespace, demand.key, value));
      for (const key of keys) {
        const there = this.byLabel.get(key);
        if (there === undefined) this.byLabel.set(key, [policy]);
        else there.push(policy);
      }
    }
  }

  /** The policies that isolate a pod in a direction. */
  public isolating(pod: PodClass, direction: Direction): CompiledPolicy[] {
    return this.selecting(pod).filter(({ rules }) => rules[direction] !== undefined);
  }

  private selecting(pod: PodClass): readonly CompiledPolicy[] {
    const known = this.answers.get(pod);
    if (known !== undefined) return known;
    const { namespace, labels } = pod;
    const found = [keyOf(namespace), ...Object.entries(labels).map(([key, value]) => keyOf(namespace, key, value))]
      .flatMap((key) => this.byLabel.get(key) ?? [])
      .filter(({ pods }) => selects(pods, labels));
    this.answers.set(pod, found);
    return found;
  }
}

/** No label key contains a space. */
function keyOf(namespace: string, ...label: readonly string[]): string {
  return [namespace, ...label].join(' ');
}
