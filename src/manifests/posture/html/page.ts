import { accountSections, credentialTable, egressTable, policyTable, waiverTable } from './access-sections';
import { legend, networkMap } from './map-svg';
import { leavesCluster } from './map-words';
import { html, Markup } from './markup';
import { flowTable, namespaceTable, placeTable } from './network-sections';
import { containerTable, podTable } from './pod-sections';
import { points } from './points';
import { STYLE } from './style';
import { PostureDocument } from '../../../protocol/posture';

interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: (document: PostureDocument) => Markup;
}

const SECTIONS: readonly Section[] = [
  { id: 'look', title: 'Look here first', body: pointList },
  { id: 'map', title: 'Network map', body: (document) => html`${legend()}${networkMap(document)}` },
  { id: 'flows', title: 'Flows', body: flowTable },
  { id: 'places', title: 'Places', body: placeTable },
  { id: 'credentials', title: 'Credentials', body: credentialTable },
  { id: 'egress', title: 'Hosts', body: egressTable },
  { id: 'policies', title: 'Policies', body: policyTable },
  { id: 'pods', title: 'Pods', body: (document) => html`${podTable(document)}${containerTable(document)}` },
  { id: 'accounts', title: 'API rights', body: accountSections },
  { id: 'waivers', title: 'Waivers', body: waiverTable },
  { id: 'namespaces', title: 'Namespaces', body: namespaceTable },
  { id: 'unknown', title: 'What this report cannot know', body: ({ unknown }) => html`<ul>${unknown.map((text) => html`<li>${text}</li>`)}</ul>` },
];

/**
 * The posture as one page. It has no script, and its policy forbids it to load anything.
 * https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/CSP
 */
export function postureHtml(document: PostureDocument): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="referrer" content="no-referrer">
<title>Posture of ${document.platform}</title>
<style>${new Markup(STYLE)}</style></head>
<body><header><h1>Posture of ${document.platform}</h1>
<p class="soft">What the manifests of this app let happen. Worked out from the emitted objects, by ${document.schema}.</p>
<nav aria-label="Sections"><ul>${SECTIONS.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
${counts(document)}</header>
<main>${SECTIONS.map(({ id, title, body }) => html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>
${body(document)}</section>
`)}</main></body></html>
`.text;
}

function counts(document: PostureDocument): Markup {
  const { flows, parties, pods, accounts, credentials, waivers } = document;
  const leaving = new Set(parties.filter(leavesCluster).map(({ id }) => id));
  const numbers: [number, string][] = [
    [flows.length, 'connections allowed'],
    [flows.filter(({ to }) => leaving.has(to)).length, 'of them leave the cluster'],
    [pods.length, 'workloads'],
    [accounts.filter(({ rights }) => rights.length > 0).length, 'accounts with API rights'],
    [credentials.length, 'uses of credentials'],
    [waivers.length, 'waivers'],
  ];
  return html`<ul class="counts">${numbers.map(([count, words]) => html`<li><b>${count}</b>${words}</li>`)}</ul>`;
}

function pointList(document: PostureDocument): Markup {
  const found = points(document);
  if (found.length === 0) return html`<p class="fine">Nothing is weaker than the platform makes it by itself.</p>`;
  return html`<ul class="points">${found.map((point) => html`<li>${point}</li>`)}</ul>`;
}
