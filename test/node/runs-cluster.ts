import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { addNames, addressesOf, Internet, newCertificates, ZONE } from './egress-internet';
import { ready } from './one-node';
import { GIT_USER, givenObjects, platformObjects, REAL_PASSWORD, SYSTEM, TEAM } from './runs-world';
import { get, until } from './session-cluster';
import { OBJECTS } from '../../src/protocol/objects';
import { apply, must } from '../cluster/cli';
import { Emitted } from '../helpers/manifests';
import { bareRepository, gitUpstream } from '../sidecar/egress/world/git-upstream';

/* eslint-disable @typescript-eslint/no-explicit-any */

export interface RunsCluster {
  readonly internet: Internet;
  addWorkspace(): void;
  /** Answers the git host from then on. */
  clone(): void;
  /** Ends what the agents of reporters wait for at their end, from then on. */
  finish(): void;
  close(): void;
}

/** Applies everything but the Workspace at once and waits until every part serves. */
export async function install(): Promise<RunsCluster> {
  const certificates = await newCertificates();
  const objects = platformObjects();
  const namespaces = objects.filter(({ kind }) => kind === 'Namespace');
  must(['apply', '--server-side', '-f', '-'], namespaces);
  must(['apply', '--server-side', '-f', '-'], givenObjects(certificates.authority));
  const since = Date.now();
  const isWorkspace = ({ kind }: Emitted) => kind === 'Workspace';
  apply(objects.filter((object) => !isWorkspace(object)));
  // Nothing is at these.
  const removeNames = addNames(addressesOf({ named: '192.0.2.1', other: '192.0.2.2' }));
  const internet = await Internet.start(certificates);
  const repositories = mkdtempSync(join(tmpdir(), 'runs-repositories-'));
  makeRepository(repositories);
  const git = gitUpstream(repositories, GIT_USER, REAL_PASSWORD);
  const [cloning, working] = [new Gate(), new Gate()];
  internet.hosts.set(`git.${ZONE}`, (request, response) => cloning.pass(() => git(request, response)));
  internet.paths.set('/finish', (_, response) => working.pass(() => response.end()));
  for (const what of [`statefulset/${OBJECTS.broker}`, `deployment/${OBJECTS.egress}`, `deployment/${OBJECTS.operator}`]) ready(SYSTEM, what);
  console.info(`everything was ready ${Date.now() - since} ms after it was applied`);
  return {
    internet,
    addWorkspace: () => apply(objects.filter(isWorkspace)),
    clone: () => cloning.open(),
    finish: () => working.open(),
    close: () => {
      internet.close();
      removeNames();
      rmSync(repositories, { recursive: true });
    },
  };
}

/** What comes waits until it is open. */
class Gate {
  private waiting: (() => void)[] | undefined = [];

  public pass(work: () => void): void {
    if (this.waiting === undefined) work();
    else this.waiting.push(work);
  }

  public open(): void {
    this.waiting?.forEach((work) => work());
    this.waiting = undefined;
  }
}

function makeRepository(root: string): void {
  const [bare, work] = [join(root, 'project.git'), join(root, 'work')];
  bareRepository(bare);
  const git = (...args: string[]) => execFileSync('git', ['-C', work, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], { stdio: 'pipe' });
  execFileSync('git', ['init', '-q', '-b', 'main', work]);
  writeFileSync(join(work, 'README'), 'of the project\n');
  git('add', '.');
  git('commit', '-q', '-m', 'first');
  git('push', '-q', bare, 'main');
}

/** A run as people write it. */
export function submit(name: string, template: string, spec: Readonly<Record<string, unknown>> = {}): void {
  must(['create', '-f', '-'], [{
    apiVersion: 'paddock.dev/v1alpha1', kind: 'HarnessRun', metadata: { name, namespace: TEAM }, spec: { templateRef: { name: template }, prompt: `the prompt of ${name}`, ...spec },
  }]);
}

export const run = (name: string): any => get('harnessrun', TEAM, name);

export const condition = (one: any, type: string): any => one.status?.conditions?.find((each: any) => each.type === type);

export const isTerminal = ({ status }: any): boolean => ['Succeeded', 'Failed', 'Cancelled'].includes(status?.phase);

/** The run, once it is over. */
export const ended = (name: string, seconds = 420): Promise<any> => until(`${name} is over`, () => {
  const one = run(name);
  return isTerminal(one) ? one : undefined;
}, seconds);

export const podsOfRun = (name: string): any[] => get('pod', TEAM, '-l', `paddock.dev/run=${name}`).items;

/** What a container of the run's first pod has printed. */
export const logOf = (name: string, container = 'agent'): string => must(['logs', '-n', TEAM, `${name}-0`, '-c', container]);

/** Every agent phase that the API server tells of from now on, however late the watch begins, each once in a row. Ends by itself. */
export function watchPhases(name: string): { readonly seen: string[]; stop(): void } {
  const seen: string[] = [];
  const runs = `/apis/paddock.dev/v1alpha1/namespaces/${TEAM}/harnessruns`;
  const { resourceVersion } = JSON.parse(must(['get', '--raw', `${runs}?limit=1`])).metadata;
  const child = spawn('kubectl', ['get', '--raw', `${runs}?watch=true&timeoutSeconds=1800&resourceVersion=${resourceVersion}`]);
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { metadata, status } = JSON.parse(line).object;
    const phase = status?.agentPhase;
    if (metadata.name === name && phase !== undefined && seen.at(-1) !== phase) seen.push(phase);
  });
  return { seen, stop: () => child.kill() };
}
