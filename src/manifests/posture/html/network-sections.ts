import { leavesCluster } from './map-words';
import { html, Markup } from './markup';
import { bad, Cell, code, list, table } from './table';
import { PostureDocument, PostureEnd, PostureParty } from '../../../protocol/posture';

/** Every connection that is possible, and what makes it so. */
export function flowTable({ flows, parties }: PostureDocument): Markup {
  const byId = new Map(parties.map((party) => [party.id, party]));
  return table({
    caption: 'Connections that the app allows. Everything else is closed in both directions.',
    rows: flows,
    columns: ['No.', 'From', 'To', 'Ports', 'Let out by', 'Let in by', 'Why'],
    rowId: (index) => `flow-${index + 1}`,
    empty: 'No connection is allowed.',
    cells: ({ from, to, ports, sender, receiver, rows }, index) => [
      html`<a href="#edge-${index + 1}" aria-label="Show flow ${index + 1} on the map">${index + 1}</a>`,
      partyName(byId.get(from), from),
      partyName(byId.get(to), to),
      list(ports.map((port) => html`<code class="whole">${port}</code>`)),
      endText(sender),
      endText(receiver),
      rows.length === 0 ? bad('no row of the flow table has it') : list(rows.map(({ id, why }) => html`${why} <span class="soft">(${id})</span>`)),
    ],
  });
}

function partyName(party: PostureParty | undefined, id: string): Cell {
  if (party === undefined) return id;
  const where = party.namespace === undefined ? '' : html` <span class="soft">in ${party.namespace}</span>`;
  return leavesCluster(party) ? html`<span class="out-text">${party.title}</span>${where}` : html`${party.title}${where}`;
}

function endText({ decision, policies }: PostureEnd): Cell {
  if (decision === 'outside') return html`<span class="soft">not decided here</span>`;
  return decision === 'open' ? bad('no policy: open to everything') : list(policies.map(code));
}

/** What the names of the map stand for. */
export function placeTable({ parties, flows }: PostureDocument): Markup {
  const titles = new Map(parties.map(({ id, title, namespace }) => [id, namespace === undefined ? title : `${title} in ${namespace}`]));
  return table({
    caption: 'Whom the policies name outside of the platform. An object store, a caller or a scraper stands here only because somebody named it.',
    rows: parties.filter(({ kind }) => kind === 'place'),
    columns: ['Place', 'Pods and networks', 'Called by', 'Calls'],
    empty: 'The policies name nobody outside of the platform.',
    cells: (party) => [
      partyName(party, party.id),
      list(party.members.map(memberText)),
      list([...new Set(flows.filter(({ to }) => to === party.id).map(({ from }) => titles.get(from) ?? from))]),
      list([...new Set(flows.filter(({ from }) => from === party.id).map(({ to }) => titles.get(to) ?? to))]),
    ],
  });
}

function memberText({ peer, except }: PostureParty['members'][number]): Cell {
  if (except.length === 0) return code(peer);
  return html`${code(peer)} <details><summary>without ${except.length} ${except.length === 1 ? 'network' : 'networks'}</summary>${list(except.map(code))}</details>`;
}

export function namespaceTable({ namespaces, platform }: PostureDocument): Markup {
  return table({
    caption: 'Namespaces of the platform.',
    rows: namespaces,
    columns: ['Namespace', 'Holds', 'Pod Security that admission enforces'],
    empty: 'There are none.',
    cells: ({ name, made, enforces }) => [
      name,
      name === platform ? 'parts of the platform' : 'agents and workers',
      enforces ?? (made ? bad('nothing') : html`<span class="soft">the namespace is made outside of this app, so it is not known</span>`),
    ],
  });
}
