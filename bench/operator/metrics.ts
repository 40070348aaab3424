import { setTimeout as sleep } from 'node:timers/promises';
import type { Operator } from './servers';

/** What the operator has counted since its start. */
export interface Counted {
  /** Calls of the API server, by verb and resource; failed ones have their code behind. */
  readonly calls: ReadonlyMap<string, number>;
  readonly reconciles: number;
  /** How often runs were worked on. */
  readonly runReconciles: number;
  readonly waiting: number;
  readonly leading: boolean;
}

export async function countedBy({ url }: Operator): Promise<Counted> {
  const lines = (await (await fetch(`${url}/metrics`)).text()).split('\n').flatMap(parsed);
  const sum = (name: string, labels: Readonly<Record<string, string>> = {}): number => lines
    .filter((line) => line.name === name && Object.entries(labels).every(([label, value]) => line.labels[label] === value))
    .reduce((all, { value }) => all + value, 0);
  const calls = lines.filter(({ name }) => name === 'operator_api_calls_total').map(({ labels: { verb, resource, code }, value }) => (
    [`${verb} ${resource}${code === 'ok' ? '' : ` ${code}`}`, value] as const));
  return {
    calls: new Map(calls),
    reconciles: sum('operator_reconciles_total'),
    runReconciles: sum('operator_reconciles_total', { kind: 'HarnessRun' }),
    waiting: sum('operator_queue_depth'),
    leading: sum('operator_leading') === 1,
  };
}

/** Once it leads and has had nothing to do for a while. */
export async function settled(operator: Operator): Promise<Counted> {
  let before = -1;
  for (let look = 0; look < 3000; look++) {
    const counted = await countedBy(operator);
    if (counted.leading && counted.waiting === 0 && counted.reconciles === before) return counted;
    before = counted.reconciles;
    await sleep(200);
  }
  throw new Error('the operator has not come to rest within 10 minutes');
}

/** https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format */
function parsed(line: string): { readonly name: string; readonly labels: Readonly<Record<string, string>>; readonly value: number }[] {
  const [, name, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === undefined) return [];
  return [{ name, labels: Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, text]) => [label, text])), value: Number(value) }];
}
