import { ZONE } from './egress-internet';
import { condition, ended, install, isTerminal, logOf, podsOfRun, run, RunsCluster, submit, watchPhases } from './runs-cluster';
import { REAL_KEY, REAL_PASSWORD, SYSTEM, TEAM } from './runs-world';
import { get, until } from './session-cluster';
import { kubectl, must } from '../cluster/cli';

/* eslint-disable @typescript-eslint/no-explicit-any */

let cluster: RunsCluster;

beforeAll(async () => { cluster = await install(); }, 900_000);
afterAll(() => cluster.close());

describe('a run in a restricted namespace', () => {
  let over: any;
  let seen: readonly string[];
  let log: string;

  beforeAll(async () => {
    const watch = watchPhases('report');
    submit('report', 'reporter', { workspaceRef: 'repositories' });
    // A run that finds all that it needs is provisioned as soon as it is seen.
    await until('it waits for its Workspace', () => run('report').status?.agentPhase === 'created');
    cluster.addWorkspace();
    // A phase that is short may never be seen, so these last until they are.
    await until('it was told that it clones', () => watch.seen.includes('cloning'), 420);
    cluster.clone();
    await until('it was told that it runs', () => watch.seen.includes('running'), 420);
    cluster.finish();
    over = await ended('report');
    await until('the last phase was told', () => watch.seen.includes('stopped'));
    watch.stop();
    seen = watch.seen;
    log = logOf('report');
  }, 1_500_000);

  test('goes through its phases in their order', () => {
    const phases = ['created', 'provisioning', 'cloning', 'starting', 'running', 'stopped'];
    // A container may be made, and run, before the operator has looked; one that cannot be made stays in this phase, see below.
    expect(seen).toEqual(phases.filter((phase) => phase !== 'starting' || seen.includes(phase)));
    expect(over.status).toMatchObject({ phase: 'Succeeded', agentPhase: 'stopped' });
    expect(condition(over, 'Completed')).toMatchObject({ status: 'True', reason: 'Succeeded' });
  });

  test('works as uid 1000 with a home that it can write and nothing else of the image', () => {
    expect(log).toContain('id 1000:1000 home /home/agent user agent\nhome writable\nroot read-only\n');
  });

  test('reads its prompt from a file, and finds the repository of its workspace', () => {
    expect(log).toContain('prompt the prompt of report\n');
    expect(log).toMatch(/^workspace \/workspace project *$/m);
  });

  test('leaves only through the proxy, where its surrogate becomes the credential', () => {
    expect(log).toContain('granted the internet, /granted');
    expect(log).toContain('refused 403');
    expect(log).toContain('no other way');
    expect(log).toContain('no token');
    const [{ headers }] = cluster.internet.of('/granted');
    expect(headers).toMatchObject({ 'host': `api.${ZONE}`, 'x-api-key': REAL_KEY });
  });

  test('has its leases revoked at its end, and the broker says the same', async () => {
    const done = await until('the leases are revoked', () => {
      const one = run('report');
      return condition(one, 'CredentialsRevoked')?.status === 'True' && one.metadata.finalizers === undefined ? one : undefined;
    });
    expect(Object.keys(done.status.revokedLeases).sort()).toEqual(done.status.issuedLeases.map(({ leaseID }: any) => leaseID).sort());
  }, 180_000);

  test('leaves no secret in its pod, its status, its Events, or the log of any part', () => {
    const [pod] = podsOfRun('report');
    const texts = [JSON.stringify([over, pod, get('events', TEAM)]), log, logOf('report', 'seed')];
    for (const what of ['statefulset/broker', 'deployment/egress', 'deployment/operator']) texts.push(must(['logs', '-n', SYSTEM, what, '--tail=-1']));
    for (const secret of [REAL_KEY, REAL_PASSWORD, 'pdk-usersecret-', 'pdk-egress-']) expect(texts.filter((text) => text.includes(secret))).toEqual([]);
  });

  test('is told by kubectl in one line', async () => {
    const [header, line] = must(['get', 'harnessrun', 'report', '-n', TEAM]).trim().split('\n');
    expect(header.split(/\s{2,}/)).toEqual(expect.arrayContaining(['NAME', 'PHASE', 'AGENT', 'REASON', 'TEMPLATE', 'WORKSPACE', 'AGE']));
    expect(line).toMatch(/^report +Succeeded +stopped +Succeeded +reporter +repositories /);
    console.info(`${header}\n${line}`);
    // Events come after the status that they tell of.
    const reasons = ['PodCreated', 'Cloning', 'Running', 'Succeeded'];
    await until('its Events are told', () => {
      const told = must(['describe', 'harnessrun', 'report', '-n', TEAM]);
      return reasons.every((reason) => new RegExp(`Normal +${reason} `).test(told));
    });
  });

  test('lets its Workspace go, which counts it and is not cloned again', async () => {
    const free = await until('the Workspace is free', () => {
      const { status } = get('workspace', TEAM, 'repositories');
      return status.activeRunRef === undefined ? status : undefined;
    });
    expect(free).toMatchObject({ phase: 'Active', totalRuns: 1 });
    submit('again', 'reporter', { workspaceRef: 'repositories' });
    await ended('again');
    expect(podsOfRun('again')[0].spec.initContainers.map(({ name }: any) => name)).toEqual(['fence']);
  }, 900_000);
});

describe('a run that cannot go on says why', () => {
  test.each<[string, string, Record<string, unknown>, RegExp]>([
    ['failing', 'AgentFailed', {}, /exit code 3/],
    ['missing', 'RunContainerError', {}, /could not be started; the command, .* is not in the image;.*no-such-program/],
    ['greedy', 'OOMKilled', {}, /memory/],
    ['rooted', 'AgentFailed', {}, /exit code [12]; if it could not write: it ran as user 1000 with a read-only image/],
  ])('template %s ends as %s', async (template, reason, spec, message) => {
    submit(`fault-${template}`, template, spec);
    const over = await ended(`fault-${template}`);
    expect(over.status).toMatchObject({ phase: 'Failed', agentPhase: 'error' });
    expect(condition(over, 'Completed')).toMatchObject({ status: 'True', reason, message: expect.stringMatching(message) });
  }, 900_000);

  test('an image that is nowhere is waited for, and told', async () => {
    submit('fault-nowhere', 'nowhere');
    const waiting = await until('the image is missed', () => {
      const one = run('fault-nowhere');
      return /ErrImagePull|ImagePullBackOff/.test(condition(one, 'Completed')?.reason) ? one : undefined;
    }, 240);
    expect(waiting.status).toMatchObject({ phase: 'Pending', agentPhase: 'starting' });
    must(['annotate', 'harnessrun', 'fault-nowhere', '-n', TEAM, 'cdk8s-agent-platform/cancel=no such image']);
    expect((await ended('fault-nowhere')).status).toMatchObject({ phase: 'Cancelled' });
  }, 900_000);

  test('a prompt from a Secret that is not there is told by the name of the Secret', async () => {
    submit('fault-prompt', 'rooted', { prompt: undefined, promptFrom: { secretKeyRef: { name: 'not-there', key: 'prompt' } } });
    await until('the Secret is missed', () => /not-there/.test(condition(run('fault-prompt'), 'Completed')?.message), 240);
    must(['delete', 'harnessrun', 'fault-prompt', '-n', TEAM, '--timeout=180s']);
  }, 900_000);
});

describe('people end runs', () => {
  const running = (name: string) => until(`${name} runs`, () => run(name).status?.agentPhase === 'running', 420);

  test('by an annotation: the agent gets its grace period', async () => {
    submit('cancelled', 'waiter');
    await running('cancelled');
    must(['annotate', 'harnessrun', 'cancelled', '-n', TEAM, 'cdk8s-agent-platform/cancel=enough']);
    const over = await ended('cancelled');
    expect(over.status).toMatchObject({ phase: 'Cancelled', agentPhase: 'stopped' });
  }, 900_000);

  test('by deletion: everything of it goes', async () => {
    submit('deleted', 'waiter');
    await running('deleted');
    must(['delete', 'harnessrun', 'deleted', '-n', TEAM, '--timeout=180s']);
    await until('all that was made for it is gone', () => {
      const left = kubectl(['get', 'pod,secret,networkpolicy,workspace,pvc', '-n', TEAM, '-o', 'name']).stdout.split('\n').filter((name) => /deleted/.test(name));
      return left.length === 0;
    }, 180);
  }, 900_000);

  /** A run that was over at its time-out, and whose agent had begun by then. Ever more time is given for that. */
  async function late(minutes = 1): Promise<any> {
    const name = `late-${minutes}`;
    submit(name, 'late', { timeout: `${minutes}m` });
    const over = await ended(name, 60 * minutes + 420);
    const [agent] = podsOfRun(name)[0]?.status.containerStatuses ?? [];
    return agent?.state.terminated?.startedAt != null || minutes > 8 ? over : late(2 * minutes);
  }

  test('and a time-out does', async () => {
    const over = await late();
    const { name } = over.metadata;
    expect(condition(over, 'Completed')).toMatchObject({ reason: 'DeadlineExceeded' });
    // The agent itself has ended well, once it was told to.
    expect(over.status).toMatchObject({ phase: 'Failed', agentPhase: 'stopped' });
    // Its node has ended it, so its log can be read.
    expect(podsOfRun(name)).toHaveLength(1);
    expect(get('pod', TEAM, `${name}-0`).status).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' });
  }, 2_400_000);
});

test('the operator that is killed is replaced, and the run it had goes on', async () => {
  submit('survivor', 'reporter');
  await until('its pod is there', () => podsOfRun('survivor').length > 0, 120);
  const holder = get('lease', SYSTEM, 'operator').spec.holderIdentity.split('_')[0];
  must(['delete', 'pod', holder, '-n', SYSTEM, '--force', '--grace-period=0']);
  const over = await ended('survivor');
  expect(isTerminal(over)).toBe(true);
  expect(over.status.phase).toBe('Succeeded');
  expect(podsOfRun('survivor')).toHaveLength(1);
}, 900_000);
