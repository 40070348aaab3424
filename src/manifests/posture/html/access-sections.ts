import { html, Markup } from './markup';
import { bad, Cell, code, list, table } from './table';
import { PostureDocument, PostureHolder, PosturePolicy, PostureRight } from '../../../protocol/posture';

/** The API rights of each account. */
export function accountSections({ accounts }: PostureDocument): Markup {
  return html`${accounts.map(({ subject, workloads, rights }) => html`<h3>${subject}</h3>
${table({
  caption: workloads.length === 0 ? 'No pod of the app uses it.' : `Used by ${workloads.join(', ')}.`,
  rows: rights,
  columns: ['Where', 'May', 'On', 'Only these', 'By'],
  empty: `No API rights. ${workloads.length === 0 ? 'No pod of the app uses it.' : `Used by ${workloads.join(', ')}.`}`,
  cells: (right) => [right.scope, verbsOf(right), objectsOf(right), list(right.names.map(code), 'all of them'), right.role],
})}`)}`;
}

function verbsOf({ known, verbs }: PostureRight): Cell {
  if (!known) return bad('unknown: the role is made outside of this app');
  return verbs.includes('*') ? bad('everything') : verbs.join(', ');
}

function objectsOf({ groups, resources, urls }: PostureRight): Cell {
  const names = groups.flatMap((group) => resources.map((resource) => (group === '' ? resource : `${resource}.${group}`)));
  return list([...names, ...urls].map((name) => (name.includes('*') ? bad(name) : code(name))));
}

export function holderText({ kind, name, namespace }: PostureHolder): Markup {
  if (kind === 'pattern') return html`any template named ${name} <span class="soft">in ${namespace}, also one that somebody adds later</span>`;
  return html`${kind === 'HarnessTemplate' ? 'template' : 'cluster template'} ${name} <span class="soft">in ${namespace}</span>`;
}

/** Who may use which credential at which host. */
export function credentialTable({ credentials }: PostureDocument): Markup {
  return table({
    caption: 'Runs of these templates may use these credentials at these hosts and nowhere else. Unless it says so, they never hold them.',
    rows: credentials,
    columns: ['Runs of', 'Credential', 'At', 'How', 'Comes from', 'Granted by'],
    empty: 'No run may use a credential.',
    cells: (row) => [
      holderText(row.holder), code(row.credential),
      row.inContainer ? bad('wherever the agent sends it') : list(row.hosts.map(code)),
      row.inContainer ? html`${bad('the agent holds it')}: ${row.reason ?? ''}` : row.delivery,
      html`${row.provider}, Secret ${code(row.secret)}`, code(row.policy),
    ],
  });
}

/** Where runs may connect to. */
export function egressTable({ egress }: PostureDocument): Markup {
  return table({
    caption: 'Hosts that runs may reach through the egress proxy.',
    rows: egress,
    columns: ['Runs of', 'Host', 'Ports', 'Methods', 'Paths', 'Granted by'],
    empty: 'No run may connect to anything.',
    cells: (row) => [
      holderText(row.holder), code(row.host), row.ports.length === 0 ? bad('every port') : row.ports.join(', '),
      row.methods.length === 0 ? 'all' : row.methods.join(', '), list(row.paths.map(code), 'all'), code(row.policy),
    ],
  });
}

/** What the policies say beyond hosts and credentials. */
export function policyTable({ policies }: PostureDocument): Markup {
  return table({
    caption: 'Policies of the broker, and to which templates they apply, also to those that somebody adds later.',
    rows: policies,
    columns: ['Policy', 'Applies to templates', 'People in runs', 'Repositories', 'Discovery'],
    empty: 'There are no policies.',
    cells: (row) => [html`${row.name} <span class="soft">in ${row.namespace}</span>`, appliesTo(row), peopleOf(row), list(row.repositories.map(code), 'none'), discoveryOf(row)],
  });
}

function appliesTo({ templates, kinds, images }: PosturePolicy): Cell {
  const kind = kinds.length > 1 ? '' : html` <span class="soft">of kind ${kinds.join(', ')}</span>`;
  const pins = images.length === 0 ? '' : html` <span class="soft">with the image ${images.join(' or ')}</span>`;
  return html`${list(templates.map(code))}${kind}${pins}`;
}

function peopleOf({ interact, shell }: PosturePolicy): Cell {
  return list([...(interact ? ['may talk to the agent'] : []), ...(shell === undefined ? [] : [bad(`may open a shell ${shell}`)])], 'none');
}

function discoveryOf({ discovery }: PosturePolicy): Cell {
  return discovery === undefined ? 'closed' : html`${bad(`every host until ${discovery.expiresAt}`)}: ${discovery.reason}`;
}

export function waiverTable({ waivers }: PostureDocument): Markup {
  return table({
    caption: 'Pod Security findings that somebody let pass.',
    rows: waivers,
    columns: ['Object', 'Rule', 'Finding', 'Reason'],
    empty: 'Nothing was waived.',
    cells: ({ object, rule, finding, reason }) => [object, code(rule), finding, reason],
  });
}
