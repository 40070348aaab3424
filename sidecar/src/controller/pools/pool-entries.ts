import { envName, labelName, namespaceName } from '../../../../src/protocol/resources/common';
import { schema } from '../../../../src/protocol/schema/types';
import { problemsOf } from '../../../../src/protocol/schema/validate';
import { MAX_POOL_CREDENTIALS, PoolEntry, PoolsFile } from '../../../../src/protocol/session-pools';
import { ENTRY_POINT_PROTOCOLS, LONGEST_SESSION, RECORD_LIMITS, SHORTEST_IDLE } from '../../../../src/protocol/session-record';
import { InputError } from '../../server/files/input-error';
import { jsonOfFile } from '../../server/files/json-of-file';
import { isFields } from '../../server/text/fields';

/** The pools whose workers can be claimed. */
export interface Pools {
  readonly all: readonly PoolEntry[];
  /** The pool of that name; undefined when there is none. */
  find(namespace: string, name: string): PoolEntry | undefined;
}

const MAX_POOLS = 1000;
const MAX_REPLICAS = 1000;

const seconds = { type: 'integer', minimum: 1, maximum: LONGEST_SESSION / 1000 } as const;

const entryPoint = schema({
  type: 'object',
  required: ['path', 'protocol', 'port'],
  properties: {
    path: { type: 'string', minLength: 1, maxLength: RECORD_LIMITS.path, pattern: '^/[^?#\\s]*$', patternMessage: "must begin with '/' and have no blanks, '?' or '#'" },
    protocol: { type: 'string', enum: ENTRY_POINT_PROTOCOLS },
    port: { type: 'integer', minimum: 1, maximum: 65_535 },
  },
});

const poolEntry = schema({
  type: 'object',
  required: ['namespace', 'name', 'maxSessionSeconds', 'idleSeconds'],
  properties: {
    namespace: namespaceName,
    name: labelName,
    template: labelName,
    credentials: { 'type': 'array', 'maxItems': MAX_POOL_CREDENTIALS, 'x-kubernetes-list-type': 'set', 'items': envName },
    maxSessionSeconds: seconds,
    idleSeconds: { ...seconds, minimum: SHORTEST_IDLE / 1000 },
    entryPoints: {
      'type': 'array', 'minItems': 1, 'maxItems': RECORD_LIMITS.entryPoints, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['path'], 'items': entryPoint,
    },
    replicas: { type: 'integer', minimum: 0, maximum: MAX_REPLICAS },
  },
});

const poolsFile = schema({ type: 'object', required: ['pools'], properties: { pools: { type: 'array', maxItems: MAX_POOLS, items: poolEntry } } });

/** The pools of a file. Nothing in it is secret. */
export function poolsIn(file: string, text: string): Pools {
  const value = jsonOfFile(file, text);
  if (!isFields(value)) throw new InputError(`${file}: must be a JSON object with the field pools`);
  const [problem] = problemsOf(poolsFile, value, '');
  if (problem !== undefined) throw new InputError(`${file}: ${problem}`);
  const { pools } = value as unknown as PoolsFile;
  const lost = pools.find(({ credentials = [], template }) => credentials.length > 0 && template === undefined);
  if (lost !== undefined) throw new InputError(`${file}: ${nameOf(lost.namespace, lost.name)} has credentials and no template, whose policies grant them`);
  const byName = new Map(pools.map((pool) => [nameOf(pool.namespace, pool.name), pool]));
  if (byName.size < pools.length) throw new InputError(`${file}: ${twice(pools)} is there twice`);
  return { find: (namespace, name) => byName.get(nameOf(namespace, name)), all: pools };
}

/** Neither part has a slash in it, as far as there is such a pool. */
function nameOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

function twice(pools: readonly PoolEntry[]): string {
  const names = pools.map(({ namespace, name }) => nameOf(namespace, name));
  return names.find((name, at) => names.indexOf(name) !== at)!;
}
