import { customResourceDefinitions } from '../../src/manifests/crds';
import { objectSchema, RESOURCE_KINDS, ResourceKind } from '../../src/protocol/resources';
import { celList } from '../../src/protocol/schema/rule';
import { rulePlaces, SchemaPlace, schemaPlaces } from '../helpers/schema-walk';

const definitions = customResourceDefinitions('platform') as any[];

const byKind = new Map(definitions.map((definition) => [definition.spec.names.kind, definition]));

/** Everything of a kind's own making: what the API server says about apiVersion, kind and metadata is its own. */
function ownPlaces({ spec, status }: ResourceKind): SchemaPlace[] {
  return [...schemaPlaces(spec, 'spec'), ...(status === undefined ? [] : schemaPlaces(status, 'status'))];
}

const everywhere = RESOURCE_KINDS.flatMap((kind) => ownPlaces(kind).map(({ path, node }) => ({ path: `${kind.kind}.${path}`, node: node as any })));

/** Paths of the places where the condition is true. */
function where(isSo: (node: any) => boolean): string[] {
  return everywhere.filter(({ node }) => isSo(node)).map(({ path }) => path);
}

test('there are six, sorted by name', () => {
  expect(definitions.map(({ metadata }) => metadata.name)).toEqual([
    'auditevents.paddock.dev',
    'brokerpolicies.paddock.dev',
    'clusterharnesstemplates.paddock.dev',
    'harnessruns.paddock.dev',
    'harnesstemplates.paddock.dev',
    'workspaces.paddock.dev',
  ]);
});

test('short names are those of paddock', () => {
  expect(Object.fromEntries(definitions.map(({ spec }) => [spec.names.kind, spec.names.shortNames]))).toEqual({
    AuditEvent: ['ae'], BrokerPolicy: ['bp'], ClusterHarnessTemplate: ['cht'], HarnessRun: ['hr'], HarnessTemplate: ['ht'], Workspace: ['ws'],
  });
});

test('only the cluster template is cluster-scoped', () => {
  expect(definitions.filter(({ spec }) => spec.scope === 'Cluster').map(({ spec }) => spec.names.kind)).toEqual(['ClusterHarnessTemplate']);
});

test('a definition has no namespace', () => {
  expect(definitions.filter(({ metadata }) => 'namespace' in metadata)).toEqual([]);
});

test('every kind but the audit event has a status of its own', () => {
  const without = definitions.filter(({ spec }) => spec.versions[0].subresources?.status === undefined).map(({ spec }) => spec.names.kind);
  expect(without).toEqual(['AuditEvent']);
});

/** Names of the columns of a kind; of the wide ones after `|`. */
function columns(kind: string): string {
  const all: { name: string; priority?: number }[] = byKind.get(kind).spec.versions[0].additionalPrinterColumns;
  const names = (wide: boolean) => all.filter(({ priority }) => (priority === 1) === wide).map(({ name }) => name).join(' ');
  return `${names(false)} | ${names(true)}`;
}

test('a run shows what it does and why, and who wants more asks for wide output', () => {
  expect(columns('HarnessRun')).toBe('Phase Agent Reason Template Workspace Age Credentials | Attempt Pod Message');
});

test('templates, policies and workspaces show whether they can be used', () => {
  expect(columns('HarnessTemplate')).toBe('Harness Ready Age | Image');
  expect(columns('ClusterHarnessTemplate')).toBe(columns('HarnessTemplate'));
  expect(columns('BrokerPolicy')).toBe('Templates Age | Discovery-Until Ready');
  expect(columns('Workspace')).toBe('Phase Ready Active-Run Runs Age | Seeded Message');
});

test('a Workspace shows why it is ready or not where everybody looks, and the whole sentence where there is room', () => {
  const all: { name: string; jsonPath: string; priority?: number }[] = byKind.get('Workspace').spec.versions[0].additionalPrinterColumns;
  const [ready, message] = ['Ready', 'Message'].map((name) => all.find((column) => column.name === name));
  expect(ready).toEqual({ name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason' });
  expect(message).toEqual({ name: 'Message', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].message', priority: 1 });
});

test.each(['HarnessRun', 'HarnessTemplate', 'BrokerPolicy', 'Workspace'])('the columns of a %s that show conditions name one type each', (kind) => {
  const paths: string[] = byKind.get(kind).spec.versions[0].additionalPrinterColumns.map(({ jsonPath }: { jsonPath: string }) => jsonPath);
  const ofConditions = paths.filter((path) => path.includes('conditions'));
  expect(ofConditions).not.toEqual([]);
  for (const path of ofConditions) expect(path).toMatch(/^\.status\.conditions\[\?\(@\.type=="[A-Za-z]+"\)\]\.(status|reason|message)$/);
});

test('labels are added to those of the platform', () => {
  const [{ metadata }] = customResourceDefinitions('platform', { team: 'a' });
  expect(metadata.labels).toMatchObject({ 'team': 'a', 'cdk8s-agent-platform/platform': 'platform', 'cdk8s-agent-platform/part': 'definitions' });
});

test('two calls give the same bytes', () => {
  expect(JSON.stringify(customResourceDefinitions('platform'))).toBe(JSON.stringify(definitions));
});

test('no twin and no words for patterns reach the API server', () => {
  expect(JSON.stringify(definitions)).not.toMatch(/"(patternMessage|holds)":/);
});

test('every rule reaches the API server', () => {
  const rules = (text: string) => text.split('"rule":').length - 1;
  for (const kind of RESOURCE_KINDS) {
    expect([kind.kind, rules(JSON.stringify(byKind.get(kind.kind)))]).toEqual([kind.kind, rulePlaces(objectSchema(kind)).length]);
  }
});

describe('in the schemas', () => {
  test('every text is bounded', () => {
    expect(where((node) => node.type === 'string' && node.maxLength === undefined && node.enum === undefined && node.format === undefined)).toEqual([]);
  });

  test('every list is bounded', () => {
    expect(where((node) => node.type === 'array' && node.maxItems === undefined)).toEqual([]);
  });

  test('every map is bounded', () => {
    expect(where((node) => node.additionalProperties !== undefined && node.maxProperties === undefined)).toEqual([]);
  });

  test('every number is bounded', () => {
    expect(where((node) => node.type === 'integer' && (node.minimum === undefined || node.maximum === undefined))).toEqual([]);
  });

  test('no field has a default: it would hide what a child template leaves out', () => {
    expect(where((node) => 'default' in node)).toEqual([]);
  });

  test('no unknown field is kept', () => {
    expect(where((node) => 'x-kubernetes-preserve-unknown-fields' in node)).toEqual([]);
  });

  test('every required field is a field', () => {
    expect(where((node) => (node.required ?? []).some((name: string) => !Object.hasOwn(node.properties, name)))).toEqual([]);
  });

  test('every key of a keyed list is required in its items', () => {
    expect(where((node) => (node['x-kubernetes-list-map-keys'] ?? []).some((key: string) => !node.items.required.includes(key)))).toEqual([]);
  });

  test('every pattern is anchored and says in words what it wants', () => {
    expect(where((node) => node.pattern !== undefined && !/^\^.*\$$/s.test(node.pattern))).toEqual([]);
    expect(where((node) => node.pattern !== undefined && node.patternMessage === undefined).filter((path) => !path.includes('.conditions[]'))).toEqual([]);
  });

  test('no pattern needs what the regular expressions of Go lack', () => {
    expect(where((node) => node.pattern !== undefined && /\(\?[=!<]|\\[1-9]/.test(node.pattern))).toEqual([]);
  });

  test('no description is a placeholder', () => {
    expect(where((node) => node.description !== undefined && /^\s*$|\.\.\.|\bTBD\b/i.test(node.description))).toEqual([]);
  });
});

test('every message of a rule says what is allowed', () => {
  const messages = RESOURCE_KINDS.flatMap((kind) => rulePlaces(objectSchema(kind)).map(({ rule }) => rule.message));
  expect(messages.filter((message) => !/must|may|cannot|are for|is refused|names its hosts|needs hosts/.test(message))).toEqual([]);
});

test('a CEL list is quoted', () => {
  expect(celList(['a', 'b'])).toBe("['a', 'b']");
});
