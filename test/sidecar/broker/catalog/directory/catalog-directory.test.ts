import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogFolders } from './catalog-folders';
import type { CatalogContent } from '../../../../../sidecar/src/broker/catalog/directory/catalog-directory';
import { eventually } from '../../../../helpers/temp-folder';
import { brokerPolicy, clusterTemplate, file, harnessRun, harnessTemplate, secret } from '../../documents';

const PLANTED = 'planted-secret-9d1f';
const { folder, catalogOf } = catalogFolders();

describe('a directory catalog reads', () => {
  test('the documents of every YAML and JSON file in the folder and the folders in it', async () => {
    const dir = folder({ 'run.yaml': file(harnessRun(), harnessTemplate()), 'notes.md': 'not: [a document' });
    mkdirSync(join(dir, 'secrets'));
    writeFileSync(join(dir, 'secrets', 'one.json'), JSON.stringify(secret({ token: 'value' }), null, '\t'));
    const told: CatalogContent[] = [];
    const { catalog } = await catalogOf(dir, { read: (content) => told.push(content) });
    expect(told).toEqual([{ files: 2, objects: 3, passedOver: [join(dir, 'notes.md')] }]);
    expect(catalog.snapshot().run('team-a', 'r1')?.templateRef.name).toBe('coder');
    expect((await catalog.secret('team-a', 'upstream', 'token'))?.toString()).toBe('value');
    expect(await catalog.secret('team-a', 'upstream', 'other')).toBeUndefined();
    expect(await catalog.secret('team-b', 'upstream', 'token')).toBeUndefined();
  });

  test('policies sorted by name, of one namespace', async () => {
    const { catalog } = await catalogOf(folder({
      'a.yaml': file(brokerPolicy({ name: 'b' }, { grants: {} }), brokerPolicy({ name: 'a' }, { grants: {} }), brokerPolicy({ name: 'c' }, { grants: {} }), brokerPolicy({ namespace: 'team-b' }, { grants: {} })),
    }));
    expect(catalog.snapshot().policies('team-a').map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(catalog.snapshot().policies('nowhere')).toEqual([]);
  });

  test('data of a Secret as base64, over which stringData wins', async () => {
    const data = { token: Buffer.from('old').toString('base64'), binary: '/wA=' };
    const { catalog } = await catalogOf(folder({ 'a.yaml': file({ ...secret({ token: 'new' }), data }) }));
    expect((await catalog.secret('team-a', 'upstream', 'token'))?.toString()).toBe('new');
    expect(await catalog.secret('team-a', 'upstream', 'binary')).toEqual(Buffer.from([0xff, 0]));
  });

  test('an empty folder, empty files and empty documents', async () => {
    const { catalog } = await catalogOf(folder({ 'a.yaml': '', 'b.yaml': '# nothing', 'c.yaml': '---\n---\n' }));
    const dangling = folder();
    symlinkSync('nowhere.yaml', join(dangling, 'a.yaml'));
    await catalogOf(dangling);
    expect(catalog.snapshot().run('team-a', 'r1')).toBeUndefined();
    expect(catalog.unready()).toBeUndefined();
  });
});

describe('a run', () => {
  test('without status is Pending and has a UID made from its name, the same every time', async () => {
    const { catalog } = await catalogOf(folder({ 'a.yaml': file(harnessRun(), harnessRun({ namespace: 'team-b' })) }));
    const [a, b] = [catalog.snapshot().run('team-a', 'r1')!, catalog.snapshot().run('team-b', 'r1')!];
    expect(a).toMatchObject({ phase: 'Pending', uid: 'cc5bef76-5378-53bc-be3f-932ec52cba96', revokedLeases: [] });
    expect(b.uid).not.toBe(a.uid);
    expect(a.uid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test('keeps its own UID, phase, pod and revoked leases', async () => {
    const status = { phase: 'Running', podUID: 'pod-1', revokedLeases: { 'lease-1': '2030-01-31T12:00:00Z' } };
    const { catalog } = await catalogOf(folder({ 'a.yaml': file(harnessRun({ uid: 'uid-1' }, status)) }));
    expect(catalog.snapshot().run('team-a', 'r1')).toMatchObject({ uid: 'uid-1', phase: 'Running', podUid: 'pod-1', revokedLeases: ['lease-1'] });
  });
});

describe('the template of a run', () => {
  async function templateOf(...documents: object[]) {
    const { catalog } = await catalogOf(folder({ 'a.yaml': file(...documents) }));
    return catalog.snapshot().template(catalog.snapshot().run('team-a', 'r1')!);
  }

  test('is the one of the namespace first, which then shadows that of the cluster', async () => {
    expect((await templateOf(harnessRun(), harnessTemplate(), clusterTemplate()))?.identity).toEqual({ name: 'coder', kind: 'HarnessTemplate', shadows: true });
  });

  test('is the one of the cluster when the run says so, or when there is no other', async () => {
    const ref = { name: 'coder', kind: 'ClusterHarnessTemplate' };
    expect((await templateOf(harnessRun({}, undefined, ref), harnessTemplate(), clusterTemplate()))?.identity.kind).toBe('ClusterHarnessTemplate');
    expect((await templateOf(harnessRun(), clusterTemplate()))?.identity).toEqual({ name: 'coder', kind: 'ClusterHarnessTemplate' });
  });

  test('has its base merged in, and the digest of the image that comes from it', async () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const child = { ...harnessTemplate(), spec: { baseTemplateRef: { name: 'base' }, requires: { credentials: [{ name: 'B' }] } } };
    const base = clusterTemplate('base', { image: `base@${digest}`, requires: { credentials: [{ name: 'A' }] } });
    expect(await templateOf(harnessRun(), child, base)).toMatchObject({
      identity: { name: 'coder', kind: 'HarnessTemplate', imageDigest: digest },
      spec: { image: `base@${digest}`, requires: { credentials: [{ name: 'A' }, { name: 'B' }] } },
    });
  });

  test('is missing without base, without template, of another kind or namespace', async () => {
    const child = { ...harnessTemplate(), spec: { baseTemplateRef: { name: 'base' } } };
    expect(await templateOf(harnessRun(), child)).toBeUndefined();
    expect(await templateOf(harnessRun())).toBeUndefined();
    expect(await templateOf(harnessRun({}, undefined, { name: 'coder', kind: 'HarnessTemplate' }), clusterTemplate())).toBeUndefined();
    expect(await templateOf(harnessRun(), harnessTemplate({ namespace: 'team-b' }))).toBeUndefined();
  });
});

describe('a catalog that changes', () => {
  const phase = (name: string, value: string) => file(harnessRun({ name }, { phase: value }));

  test('is used as a whole once it is written', async () => {
    const dir = folder({ 'a.yaml': phase('r1', 'Running') });
    const { catalog, problems } = await catalogOf(dir);
    const before = catalog.snapshot();
    writeFileSync(join(dir, 'a.yaml'), phase('r1', 'Succeeded'));
    await eventually(() => catalog.snapshot().run('team-a', 'r1')?.phase === 'Succeeded');
    expect(before.run('team-a', 'r1')?.phase).toBe('Running');
    rmSync(join(dir, 'a.yaml'));
    await eventually(() => catalog.snapshot().run('team-a', 'r1') === undefined);
    expect(problems).toEqual([]);
  });

  test('follows the link that the kubelet swaps', async () => {
    const dir = folder();
    const mount = join(dir, 'documents');
    const version = (name: string, text: string) => {
      mkdirSync(join(mount, `..${name}`));
      writeFileSync(join(mount, `..${name}`, 'a.yaml'), text);
      symlinkSync(`..${name}`, join(mount, '..data_tmp'));
      renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
    };
    mkdirSync(mount);
    version('1', phase('r1', 'Running'));
    symlinkSync(join('..data', 'a.yaml'), join(mount, 'a.yaml'));
    const { catalog } = await catalogOf(dir);
    expect(catalog.snapshot().run('team-a', 'r1')?.phase).toBe('Running');
    version('2', phase('r1', 'Failed'));
    rmSync(join(mount, '..1'), { recursive: true });
    await eventually(() => catalog.snapshot().run('team-a', 'r1')?.phase === 'Failed');
  });

  test('is found by looking when no event comes', async () => {
    const dir = folder();
    mkdirSync(join(dir, 'late'));
    const { catalog } = await catalogOf(dir, { pollMilliseconds: 20 });
    rmSync(join(dir, 'late'), { recursive: true });
    mkdirSync(join(dir, 'new'));
    writeFileSync(join(dir, 'new', 'a.yaml'), phase('r1', 'Running'));
    await eventually(() => catalog.snapshot().run('team-a', 'r1') !== undefined);
  });

  test('stays as it was while one file has a mistake, told once, and recovers with the file', async () => {
    const dir = folder({ 'a.yaml': phase('r1', 'Running'), 'b.yaml': phase('r2', 'Running') });
    const { catalog, problems } = await catalogOf(dir, { pollMilliseconds: 20 });
    writeFileSync(join(dir, 'a.yaml'), phase('r1', 'Succeeded'));
    writeFileSync(join(dir, 'b.yaml'), `{"prompt": "${PLANTED}`);
    await eventually(() => problems.length > 0);
    const looks = () => new Promise((resolve) => setTimeout(resolve, 100));
    await looks();
    // A look that had begun by then may have seen the change in two parts.
    const told = problems.length;
    expect(told).toBeLessThanOrEqual(2);
    await looks();
    expect(problems).toHaveLength(told);
    expect(problems.at(-1)).toMatch(/b\.yaml, document 1: is not strict YAML or JSON/);
    expect(problems.join()).not.toContain(PLANTED);
    expect(catalog.snapshot().run('team-a', 'r2')?.phase).toBe('Running');
    expect(catalog.unready()).toBeUndefined();
    writeFileSync(join(dir, 'b.yaml'), phase('r2', 'Failed'));
    await eventually(() => catalog.snapshot().run('team-a', 'r2')?.phase === 'Failed');
    expect(catalog.snapshot().run('team-a', 'r1')?.phase).toBe('Succeeded');
  });

  test('stays as it was while the folder is gone', async () => {
    const dir = folder({ 'a.yaml': phase('r1', 'Running') });
    const { catalog, problems } = await catalogOf(dir, { pollMilliseconds: 20 });
    renameSync(dir, `${dir}-away`);
    await eventually(() => problems.length > 0);
    expect(problems[0]).toMatch(/ENOENT/);
    expect(catalog.snapshot().run('team-a', 'r1')).toBeDefined();
    renameSync(`${dir}-away`, dir);
  });

  test('gives the value of a Secret as it is now, without waiting for an event', async () => {
    const dir = folder({ 'a.yaml': file(secret({ token: 'one' })) });
    const { catalog } = await catalogOf(dir, { pollMilliseconds: 60_000 });
    for (const value of ['two', 'six', 'ten']) {
      writeFileSync(join(dir, 'a.yaml'), file(secret({ token: value })));
      expect((await catalog.secret('team-a', 'upstream', 'token'))?.toString()).toBe(value);
    }
    rmSync(join(dir, 'a.yaml'));
    expect(await catalog.secret('team-a', 'upstream', 'token')).toBeUndefined();
    writeFileSync(join(dir, 'b.yaml'), file(secret({ token: 'new' })));
    expect((await catalog.secret('team-a', 'upstream', 'token'))?.toString()).toBe('new');
  });
});
