import { openKubernetesCatalog } from '../../../../../sidecar/src/broker/catalog/kubernetes/catalog-kubernetes';
import type { KubeClient, KubeObject, Resource } from '../../../../../sidecar/src/kube/client';
import { KubeError } from '../../../../../sidecar/src/kube/kube-error';
import { brokerPolicy, clusterTemplate, harnessRun, harnessTemplate, headerGrant } from '../../documents';

const T0 = Date.UTC(2026, 0, 1);
const POLICY = brokerPolicy({}, { grants: { credentials: [headerGrant()], egress: [{ host: 'api.github.com' }] } });
const open: { close(): Promise<void> }[] = [];

afterEach(() => Promise.all(open.splice(0).map((catalog) => catalog.close())));

/** An API server whose watches tell nothing but what a test sends, so that a catalog lags for as long as the test wants. */
class SilentApi {
  public readonly calls: string[] = [];
  public objects: KubeObject[] = [];
  public failure: KubeError | undefined;
  private readonly watches = new Map<string, (line: string | undefined) => void>();

  async get({ plural, namespace }: Resource, name: string): Promise<KubeObject> {
    this.calls.push(`get ${plural} ${name}`);
    if (this.failure !== undefined) throw this.failure;
    const found = this.of(plural, namespace).find(({ metadata }) => metadata.name === name);
    if (found === undefined) throw new KubeError('NotFound', 'not there');
    return found;
  }

  async list({ plural, namespace }: Resource) {
    this.calls.push(`list ${plural}`);
    if (this.failure !== undefined) throw this.failure;
    return { items: this.of(plural, namespace), resourceVersion: '1' };
  }

  async watch({ plural }: Resource, _: string, signal: AbortSignal): Promise<AsyncIterable<string>> {
    const queue: string[] = [];
    let wake = () => undefined as void;
    this.watches.set(plural, (line) => {
      if (line !== undefined) queue.push(line);
      wake();
    });
    signal.addEventListener('abort', () => wake());
    return (async function* () {
      while (!signal.aborted) {
        while (queue.length > 0) yield queue.shift()!;
        await new Promise<void>((resolve) => { wake = resolve; });
      }
    })();
  }

  tell(plural: string, type: string, object: object): void {
    const { metadata } = object as KubeObject;
    this.watches.get(plural)!(JSON.stringify({ type, object: { ...object, metadata: { ...metadata, resourceVersion: '2' } } }));
  }

  private of(plural: string, namespace: string | undefined): KubeObject[] {
    return this.objects.filter(({ kind, metadata }) => `${String(kind).toLowerCase()}s`.replace('policys', 'policies') === plural && metadata.namespace === namespace);
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function catalogOf(objects: readonly object[] = [], failure?: KubeError) {
  const api = Object.assign(new SilentApi(), { objects: objects.map(plain), failure });
  const time = { now: T0 };
  const told: string[] = [];
  const catalog = openKubernetesCatalog({
    client: api as unknown as KubeClient,
    namespaces: ['team-a'],
    clock: () => time.now,
    random: () => 0.5,
    wait: () => new Promise((resolve) => setImmediate(resolve)),
    leftOut: (_, problem) => told.push(problem),
    interrupted: () => undefined,
  });
  open.push(catalog);
  await settle();
  api.calls.length = 0;
  return { api, time, told, catalog };
}

function plain(document: object): KubeObject {
  return JSON.parse(JSON.stringify(document)) as KubeObject;
}

const RUN = { namespace: 'team-a', name: 'r1' };

test('what is there is known, and never a Secret is listed', async () => {
  const { catalog, api } = await catalogOf([harnessRun({ uid: 'u1' }), harnessTemplate(), clusterTemplate(), POLICY]);
  const run = catalog.snapshot().run('team-a', 'r1')!;
  expect(catalog.unready()).toBeUndefined();
  expect([run.uid, catalog.snapshot().template(run)?.identity.shadows, catalog.snapshot().policies('team-a').length]).toEqual(['u1', true, 1]);
  expect(api.calls).toEqual([]);
});

test('an object that breaks the rules stops no other', async () => {
  const { catalog, told, api } = await catalogOf([harnessRun({ uid: 'u1' }), { ...harnessRun({ name: 'bad' }), spec: { prompt: 'planted' } }]);
  expect(catalog.snapshot().run('team-a', 'r1')).toBeDefined();
  expect(catalog.snapshot().run('team-a', 'bad')).toBeUndefined();
  expect(told.join()).toMatch(/^HarnessRun team-a\/bad: /);
  expect(catalog.refusedObjects()).toEqual({ HarnessRun: 1, HarnessTemplate: 0, BrokerPolicy: 0, ClusterHarnessTemplate: 0 });
  // One that is changed so is gone.
  api.tell('harnessruns', 'MODIFIED', { ...harnessRun(), spec: {} });
  await settle();
  expect(catalog.snapshot().run('team-a', 'r1')).toBeUndefined();
});

describe('a catalog is unready', () => {
  test('until everything was read, and says what is missing', async () => {
    const { catalog } = await catalogOf([], new KubeError('Forbidden', 'no'));
    expect([catalog.unready(), catalog.age()]).toEqual(['the catalog is not read yet: ClusterHarnessTemplate', Infinity]);
  });

  test('150 s after the last sign of any watch', async () => {
    const { catalog, time, api } = await catalogOf();
    time.now += 150_000;
    expect(catalog.age()).toBe(150);
    expect(catalog.unready()).toMatch(/^the catalog is stale: the state of ClusterHarnessTemplate is unknown for 0 s/);
    for (const plural of ['clusterharnesstemplates', 'harnesstemplates', 'brokerpolicies']) api.tell(plural, 'BOOKMARK', { metadata: {} });
    await settle();
    expect(catalog.unready()).toContain('the state of HarnessRun in team-a');
    api.tell('harnessruns', 'BOOKMARK', { metadata: {} });
    await settle();
    expect(catalog.unready()).toBeUndefined();
  });
});

describe('what a watch has not told yet', () => {
  test('is confirmed by direct reads, once for all who ask', async () => {
    const { catalog, api, told } = await catalogOf();
    api.objects = [harnessRun({ uid: 'u1' }), harnessTemplate({}, [], { image: undefined, command: undefined, baseTemplateRef: { name: 'base' } }), clusterTemplate('base'), POLICY].map(plain);
    await Promise.all(Array.from({ length: 20 }, () => catalog.confirm!(RUN)));
    expect(told).toEqual([]);
    const run = catalog.snapshot().run('team-a', 'r1')!;
    expect([run.uid, catalog.snapshot().template(run)?.spec.image, catalog.snapshot().policies('team-a').length]).toEqual(['u1', 'base:1', 1]);
    expect(api.calls).toEqual(['get harnessruns r1', 'list brokerpolicies', 'get harnesstemplates coder', 'list clusterharnesstemplates']);
  });

  test('is asked for once a second', async () => {
    const { catalog, api, time } = await catalogOf();
    await catalog.confirm!(RUN);
    await catalog.confirm!(RUN);
    expect(api.calls).toHaveLength(2);
    time.now += 1000;
    await catalog.confirm!(RUN);
    expect(api.calls).toHaveLength(4);
  });

  test('is not asked for without end by made-up names', async () => {
    const { catalog, api } = await catalogOf();
    for (let i = 0; i < 100; i += 1) await catalog.confirm!({ namespace: 'team-a', name: `r${i}` });
    expect(api.calls).toHaveLength(2 * 20);
  });

  test('is not asked for in a namespace that is not served', async () => {
    const { catalog, api } = await catalogOf();
    await catalog.confirm!({ namespace: 'elsewhere', name: 'r1' });
    expect(api.calls).toEqual([]);
  });

  test('that cannot be read leaves everything as it was', async () => {
    const { catalog, api } = await catalogOf([harnessRun({ uid: 'u1' })]);
    api.failure = new KubeError('Unavailable', 'down');
    await catalog.confirm!(RUN);
    expect(catalog.snapshot().run('team-a', 'r1')?.uid).toBe('u1');
  });
});
