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
 * Labels that tell a selector from others: the smallest that it matches, then once each value
 * that it lists or leaves out. None when it contradicts itself.
 */
export function witnesses({ requirements }: Selector): Labels[] {
  const choices = [...new Set(requirements.map(({ key }) => key))].map((key) => choicesOf(key, requirements.filter((one) => one.key === key)));
  const smallest = choices.map(({ values, about }) => [{}, ...values].find((labels) => selects({ requirements: about }, labels)));
  if (smallest.includes(undefined)) return [];
  const first: Labels = smallest.reduce<Labels>((all, labels) => ({ ...all, ...labels }), {});
  const others = choices.flatMap(({ key, values }) => values.filter((labels) => labels[key] !== first[key]));
  return [first, ...others.map((labels): Labels => ({ ...first, ...labels }))];
}

/** A text that is none of the named ones, for a value that nobody has thought of. */
export function unnamed(named: readonly string[], text: string): string {
  return named.includes(text) ? unnamed(named, `${text}-other`) : text;
}

/** What all requirements on one key tell apart: the values that they name, and another where they ask for any. */
function choicesOf(key: string, about: readonly Requirement[]): { key: string; about: readonly Requirement[]; values: readonly Labels[] } {
  const named = [...new Set(about.flatMap(({ values }) => [...values]))];
  const others = about.some(({ values }) => values.size === 0) ? [unnamed(named, 'any')] : [];
  return { key, about, values: [...named, ...others].map((value) => ({ [key]: value })) };
}
