import { Arrow, Box, mapLayout, NumberPlace } from './map-layout';
import { leavesCluster } from './map-words';
import { html, Markup } from './markup';
import { PostureDocument } from '../../../protocol/posture';

const LINE_HEIGHT = 16;

/** The network as boxes and numbered arrows. Each number is a row in the table of flows and leads there. */
export function networkMap(document: PostureDocument): Markup {
  const { width, height, headings, boxes, arrows } = mapLayout(document);
  return html`<div class="map" tabindex="0" role="region" aria-label="Network map, can be scrolled">
<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="group" aria-labelledby="map-title" aria-describedby="map-text">
<title id="map-title">Network map of ${document.platform}</title>
<defs>${['arrow', 'arrow-out'].map((id) => html`<marker id="${id}" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0.5L8 4L0 7.5z"/></marker>`)}</defs>
${headings.map(({ title, x }) => html`<text class="heading" x="${x}" y="24">${title}</text>
`)}
${arrows.map((arrow) => lineOf(arrow))}
${boxes.map(boxOf)}
${arrows.map((arrow) => html`${numberOf(arrow.foot, arrow)}${numberOf(arrow.head, arrow)}
`)}</svg></div>`;
}

function lineOf({ edge, path }: Arrow): Markup {
  const leaving = leavesCluster(edge.to.party);
  return html`<g class="${leaving ? 'edge out' : 'edge'}" id="edge-${edge.number}"><path class="wide" d="${path}"/><path class="line" d="${path}" marker-end="url(#${leaving ? 'arrow-out' : 'arrow'})"/></g>
`;
}

function boxOf({ node, x, y, width, height }: Box): Markup {
  const { party, lines } = node;
  const top = y + height / 2 - ((lines.length + 1) * LINE_HEIGHT) / 2 + 12;
  const classes = ['box', party.kind, ...(leavesCluster(party) ? ['out'] : [])].join(' ');
  return html`<g class="${classes}"><title>${party.title}${party.namespace === undefined ? '' : ` in ${party.namespace}`}</title><rect x="${x}" y="${y}" width="${width}" height="${height}" rx="8"/>
${lines.map((line, index) => html`<text class="name" x="${x + width / 2}" y="${top + index * LINE_HEIGHT}">${line}</text>`)}
<text class="where" x="${x + width / 2}" y="${top + lines.length * LINE_HEIGHT}">${shortened(whereOf(node.party))}</text></g>
`;
}

function whereOf(party: Box['node']['party']): string {
  if (party.kind !== 'place') return party.namespace ?? '';
  return leavesCluster(party) ? 'outside cluster' : 'outside platform';
}

function shortened(text: string): string {
  return text.length > 18 ? `${text.slice(0, 17)}…` : text;
}

function numberOf({ number, x, y }: NumberPlace, { edge }: Arrow): Markup {
  const title = `${edge.from.party.title} to ${edge.to.party.title}`;
  return html`<a href="#flow-${number}" class="${leavesCluster(edge.to.party) ? 'out' : ''}" aria-label="Flow ${number}: ${title}"><title>${number}: ${title}</title><text class="number" x="${x}" y="${y + 4}">${number}</text></a>`;
}

/** What the signs of the map mean. */
export function legend(): Markup {
  return html`<p class="legend" id="map-text">An arrow is a connection that policies of the app allow; its number, at both ends, is its row in the table below.
<span class="key out">Dashed</span> connections leave the cluster. What has no arrow is closed.</p>`;
}
