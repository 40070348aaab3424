import { Fact, powers, Statement, Told } from './statement';
import { PostureContainer, PostureDocument, PosturePods } from '../../../../src/protocol/posture';

/** How pods run. Fields that protect are told by what would be possible without them. */
export function podStatements({ pods }: PostureDocument): Told {
  const named = pods.map((row) => ({ row, title: `${row.workload} in ${row.namespace}` }));
  return {
    statements: named.flatMap(({ row, title }) => [
      ...workloadStatements(row, title),
      ...row.containers.flatMap((one) => containerStatements(one, containerTitle(one, title))),
    ]),
    facts: named.flatMap(({ row, title }) => [
      ...workloadFacts(row, title),
      ...row.containers.flatMap((one) => containerFacts(one, containerTitle(one, title), title)),
    ]),
  };
}

function containerTitle({ name }: PostureContainer, workload: string): string {
  return `container ${name} of ${workload}`;
}

function workloadStatements(row: PosturePods, title: string): Statement[] {
  const subject = `pods of ${title}`;
  return [
    ...powers('pods', subject, {
      "fail the Pod Security Standard 'restricted'": row.level !== 'restricted',
      "fail the Pod Security Standard 'baseline'": row.level === 'privileged',
      'get a token for the API server in every container': row.automount,
      'can resolve names': row.dns,
    }),
    ...row.hostNamespaces.map((name): Statement => ({ section: 'pods', subject, verb: `share the ${name} of their node`, effect: 'opens' })),
    ...row.tokens.map((audience): Statement => ({ section: 'pods', subject, verb: `get a token for ${audience}`, effect: 'opens' })),
    ...(row.runtimeClass === undefined ? [] : [{ section: 'pods', subject, verb: `run in the runtime class ${row.runtimeClass}`, effect: 'closes', within: `pods ${title}` } as const]),
  ];
}

function workloadFacts(row: PosturePods, title: string): Fact[] {
  return [
    { section: 'pods', key: `pods ${title}`, subject: `workload ${title}` },
    fact(title, 'account', row.account),
    fact(title, 'fsGroup', row.fsGroup),
  ];
}

function containerStatements(container: PostureContainer, subject: string): Statement[] {
  const opens = (verb: string): Statement => ({ section: 'pods', subject, verb, effect: 'opens' });
  return [
    ...powers('pods', subject, {
      'runs an image that is not pinned by digest': !container.image.includes('@sha256:'),
      'runs as root': container.user === 0,
      'may run as root': !container.runAsNonRoot,
      'is privileged': container.privileged,
      'may gain privileges': container.escalation,
      'may write its root file system': !container.readOnlyRoot,
      'keeps the default capabilities': !container.dropped.includes('ALL'),
      'runs without a seccomp profile': container.seccomp === undefined || container.seccomp === 'Unconfined',
    }),
    ...container.added.map((name) => opens(`adds the capability ${name}`)),
    ...container.hostPorts.map((port) => opens(`listens on ${port} of its node`)),
    ...container.secretEnv.map((name) => opens(`reads Secret ${name} as a variable`)),
    ...container.mounts.filter(isPower).map(({ path, source, writable }) => opens(`${writable ? 'may write' : 'reads'} ${source} at ${path}`)),
  ];
}

/** A folder of its own with a limit gives a container nothing, and settings are no secret. */
function isPower({ source, writable }: PostureContainer['mounts'][number]): boolean {
  if (/\bemptyDir\b.* of /.test(source)) return false;
  return writable || !/^(ConfigMap |facts about the pod$)/.test(source);
}

function containerFacts(container: PostureContainer, title: string, workload: string): Fact[] {
  return [
    { section: 'pods', key: `container ${title}`, subject: title, within: `pods ${workload}` },
    fact(title, 'image', container.image),
    fact(title, 'user', container.user),
    fact(title, 'group', container.group),
    fact(title, 'seccomp profile', container.seccomp),
    fact(title, 'dropped capabilities', container.dropped.join(', ')),
    fact(title, 'mounts', container.mounts.map(({ path, source, writable }) => `${path} ${source} ${writable ? 'writable' : 'read-only'}`).join(', ')),
    fact(title, 'kind', container.init ? 'init container' : 'container'),
  ];
}

function fact(title: string, field: string, value: string | number | undefined): Fact {
  return { section: 'pods', key: `${field} of ${title}`, subject: `${field} of ${title}`, value: value === undefined ? 'not set' : `${value}` };
}
