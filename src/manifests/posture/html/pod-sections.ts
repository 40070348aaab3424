import { html, Markup } from './markup';
import { bad, Cell, code, good, list, table } from './table';
import { PostureContainer, PostureDocument, PosturePods } from '../../../protocol/posture';

/** What holds for all containers of a workload. */
export function podTable({ pods }: PostureDocument): Markup {
  return table({
    caption: 'Workloads in the namespaces of the platform, also those of other charts of the app.',
    rows: pods,
    columns: ['Workload', 'Namespace', 'Account', 'Pod Security', 'Tokens', 'Names (DNS)', 'Host', 'Runtime class'],
    empty: 'There are no pods yet.',
    cells: (row) => [
      row.workload, row.namespace, row.account,
      row.level === 'restricted' ? good('restricted') : bad(`only ${row.level}`),
      tokensOf(row),
      row.dns ? 'can be resolved' : good('cannot be resolved'),
      row.hostNamespaces.length === 0 ? good('none') : bad(row.hostNamespaces.join(', ')),
      row.runtimeClass ?? html`<span class="soft">default</span>`,
    ],
  });
}

function tokensOf({ automount, tokens }: PosturePods): Cell {
  if (automount) return bad('for the API server, in every container');
  return tokens.length === 0 ? good('none') : list(tokens.map((audience) => `for ${audience}`));
}

/** The security fields of each container. */
export function containerTable({ pods }: PostureDocument): Markup {
  return table({
    caption: 'Containers, with the security fields that hold for them.',
    rows: pods.flatMap((row) => row.containers.map((container) => ({ row, container }))),
    columns: ['Container', 'Image', 'User and group', 'Privileges', 'Seccomp', 'Root file system', 'May write', 'Secrets'],
    empty: 'There are no containers yet.',
    cells: ({ row, container }) => [
      html`${container.name} <span class="soft">${container.init ? 'init, ' : ''}${row.workload} in ${row.namespace}</span>`,
      imageOf(container), userOf(container), privilegesOf(container),
      container.seccomp === undefined ? bad('not set') : container.seccomp === 'Unconfined' ? bad('Unconfined') : good(container.seccomp),
      container.readOnlyRoot ? good('read-only') : bad('can be written'),
      list(container.mounts.filter(({ writable }) => writable).map(({ path, source }) => html`${code(path)} <span class="soft">${source}</span>`), 'nothing'),
      secretsOf(container),
    ],
  });
}

function imageOf({ image }: PostureContainer): Cell {
  return image.includes('@sha256:') ? code(image) : html`${code(image)} <span class="soft">(not pinned by digest)</span>`;
}

function userOf({ user, group, runAsNonRoot }: PostureContainer): Cell {
  if (user === 0) return bad('root');
  const ids = user === undefined ? 'that of the image' : `${user}:${group ?? 'that of the image'}`;
  return runAsNonRoot ? html`${ids} ${good('never root')}` : html`${ids} ${bad('may be root')}`;
}

function privilegesOf({ privileged, escalation, added, dropped, hostPorts }: PostureContainer): Cell {
  const wrong = [
    ...(privileged ? ['privileged'] : []),
    ...(escalation ? ['may escalate'] : []),
    ...(added.length === 0 ? [] : [`adds ${added.join(', ')}`]),
    ...(dropped.includes('ALL') ? [] : ['keeps default capabilities']),
    ...(hostPorts.length === 0 ? [] : [`host ports ${hostPorts.join(', ')}`]),
  ];
  return wrong.length === 0 ? good('none, ALL capabilities dropped') : list(wrong.map(bad));
}

function secretsOf({ mounts, secretEnv }: PostureContainer): Cell {
  const mounted = mounts.filter(({ source }) => /\bSecret /.test(source)).map(({ path, source }) => html`${source} <span class="soft">at ${path}</span>`);
  return list([...mounted, ...secretEnv.map((name) => html`Secret ${name} <span class="soft">as variable</span>`)], 'none');
}
