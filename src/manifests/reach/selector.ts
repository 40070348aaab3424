import type { LabelSelector } from 'kubernetes-types/meta/v1';
import { Labels } from '../labels';

/** A selector with `matchLabels` written as the expressions they stand for. */
export interface Selector {
  readonly requirements: readonly Requirement[];
}

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values: ReadonlySet<string>;
}

/** An empty selector selects everything. */
export function compileSelector(selector: LabelSelector): Selector {
  const equal = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({ key, operator: 'In', values: new Set([value]) }));
  const others = (selector.matchExpressions ?? []).map(({ key, operator, values }) => ({ key, operator, values: new Set(values ?? []) }));
  return { requirements: [...equal, ...others] };
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors */
export function selects({ requirements }: Selector, labels: Readonly<Labels>): boolean {
  return requirements.every(({ key, operator, values }) => {
    const has = Object.hasOwn(labels, key);
    switch (operator) {
      case 'In': return has && values.has(labels[key]);
      // A label that is not there is not one of the values either.
      case 'NotIn': return !has || !values.has(labels[key]);
      case 'Exists': return has;
      case 'DoesNotExist': return !has;
      default: throw new Error(`operator ${operator} of a selector is not known`);
    }
  });
}

/** Labels that the selector is sure to demand: an index may look only there. Undefined when it demands no value. */
export function demanded({ requirements }: Selector): { key: string; values: ReadonlySet<string> } | undefined {
  return requirements.filter(({ operator }) => operator === 'In').at(-1);
}

/**
 * Labels that tell a selector from others: the smallest that it matches, once for each
 * value it lists, and those that it leaves out by name. None when it contradicts itself.
 */
export function witnesses(selector: Selector): Labels[] {
  const { requirements } = selector;
  const wanted = requirements.filter(({ operator }) => operator === 'In' || operator === 'Exists');
  const first = Object.fromEntries(wanted.map(({ key, values }): [string, string] => [key, [...values][0] ?? 'any']));
  if (!selects(selector, first)) return [];
  const others = wanted.flatMap(({ key, values }) => [...values].slice(1).map((value): Labels => ({ ...first, [key]: value })));
  const leftOut = requirements
    .filter((requirement) => !wanted.includes(requirement))
    .flatMap(({ key, values }) => (values.size > 0 ? [...values] : ['any']).map((value): Labels => ({ ...first, [key]: value })));
  return [first, ...others, ...leftOut];
}
