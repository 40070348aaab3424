/** JSON that differs in one place, and where. */
export interface Mutant {
  readonly path: readonly (string | number)[];
  readonly what: string;
  readonly value: unknown;
}

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];
const POLICY_TYPES = ['Ingress', 'Egress'];

/** Every way to break one node of a NetworkPolicy: left out, emptied, mistyped, widened or narrowed. Works on any JSON. */
export function mutants(value: unknown, path: readonly (string | number)[] = []): Mutant[] {
  const inside = Object.entries(value as object).flatMap(([name, member]): Mutant[] => {
    const key = Array.isArray(value) ? Number(name) : name;
    const replaced = (next: unknown) => (Array.isArray(value)
      ? value.map((one, index) => (index === key ? next : one))
      : { ...(value as object), [name]: next });
    const here = [...path, key];
    const deeper = typeof member === 'object' && member !== null ? mutants(member, here).map((mutant) => ({ ...mutant, value: replaced(mutant.value) })) : [];
    return [
      { path: here, what: 'drop', value: without(value, name) },
      ...(Array.isArray(value) ? [] : [{ path: here, what: 'mistype the field', value: { ...without(value, name) as object, [`${name}x`]: member } }]),
      ...others(member, key).map(([what, next]) => ({ path: here, what, value: replaced(next) })),
      ...deeper,
    ];
  });
  return inside;
}

function without(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value.filter((_, index) => index !== Number(name));
  return Object.fromEntries(Object.entries(value as object).filter(([key]) => key !== name));
}

function others(value: unknown, key: string | number): [string, unknown][] {
  if (typeof value === 'number') return [['one more', value + 1], ['one less', value - 1], ['by name', 'broker-api'], ['as text', `${value}`]];
  if (typeof value === 'string') return [['mistype', `${value}x`], ['empty', ''], ...swaps(value), ...networks(value)];
  if (Array.isArray(value)) return [...(value.length > 0 ? [['empty', []] as [string, unknown]] : []), ...additions(key).map(addTo(value))];
  return [['empty', {}], ['null', null], ['an unknown field', { ...(value as object), unknown: {} }], ...selectors(value as object, key), ...ranges(value as object)];
}

const addTo = (list: readonly unknown[]) => (more: unknown): [string, unknown] => [`add ${JSON.stringify(more)}`, [...list, more]];

/** Peers, ports and rules that open more. */
function additions(key: string | number): unknown[] {
  if (key === 'from' || key === 'to') {
    return [
      { podSelector: {} }, { namespaceSelector: {} }, { ipBlock: { cidr: '0.0.0.0/0' } }, { ipBlock: { cidr: '::/0' } },
      { ipBlock: { cidr: '100.99.98.97/32' } }, { namespaceSelector: { matchLabels: { team: 'red' } } },
      { namespaceSelector: {}, podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['a', 'b'] }] } },
    ];
  }
  if (key === 'ports') return [{}, { protocol: 'UDP' }, { port: 4444 }, { port: 5000, endPort: 6000 }, { port: 'admin' }];
  if (key === 'ingress' || key === 'egress') return [{}, { ports: [{ port: 4444 }] }];
  return [];
}

/** A selector of labels that asks for more, for less, or for the same with other words that mean something else. */
function selectors(value: object, key: string | number): [string, unknown][] {
  if (key === 'matchLabels') return [['narrow', { ...value, serving: 'true' }], ['narrow to what serves', { ...value, 'cdk8s-agent-platform/serving': 'true' }]];
  if (key !== 'podSelector' && key !== 'namespaceSelector') return [];
  const { matchLabels = {} } = value as { matchLabels?: Record<string, string> };
  const entries = Object.entries(matchLabels);
  return [
    ['exclude what serves', { ...value, matchExpressions: [{ key: 'cdk8s-agent-platform/serving', operator: 'DoesNotExist' }] }],
    ...entries.flatMap(([label, wanted]): [string, unknown][] => [
      [`any ${label}`, { matchLabels: without(matchLabels, label), matchExpressions: [{ key: label, operator: 'Exists' }] }],
      [`not this ${label}`, { matchLabels: without(matchLabels, label), matchExpressions: [{ key: label, operator: 'NotIn', values: [wanted] }] }],
      [`one more ${label}`, { matchLabels: without(matchLabels, label), matchExpressions: [{ key: label, operator: 'In', values: [wanted, 'other'] }] }],
    ]),
  ];
}

function ranges(value: object): [string, unknown][] {
  const { port } = value as { port?: number };
  return port === undefined ? [] : [['one port more', { ...value, endPort: port + 1 }], ['all ports above', { ...value, endPort: 65_535 }]];
}

function swaps(value: string): [string, unknown][] {
  return [PROTOCOLS, POLICY_TYPES].filter((list) => list.includes(value)).flatMap((list) => list)
    .filter((other) => other !== value).map((other) => [`swap for ${other}`, other]);
}

/** The next larger and the next smaller network, and the one beside it. */
function networks(value: string): [string, unknown][] {
  const [, a, prefix] = /^([\d.]+)\/(\d+)$/.exec(value) ?? [];
  if (a === undefined) return /:.*\/\d+$/.test(value) ? [['half of it', half(value)]] : [];
  const address = a.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const at = (number: number, length: number) => {
    const network = number - (number % 2 ** (32 - length));
    return `${[24, 16, 8, 0].map((shift) => Math.floor(network / 2 ** shift) % 256).join('.')}/${length}`;
  };
  const length = Number(prefix);
  return [
    ...(length > 0 ? [['twice as much', at(address, length - 1)] as [string, unknown], ['the next one', at((address + 2 ** (32 - length)) % 2 ** 32, length)] as [string, unknown]] : []),
    ...(length < 32 ? [['half of it', at(address, length + 1)] as [string, unknown]] : []),
  ];
}

function half(value: string): string {
  const [address, prefix] = value.split('/');
  return `${address}/${Number(prefix) + 1}`;
}
