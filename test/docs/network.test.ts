import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Flow, FLOWS, isRole, PLACES, portsOf } from '../../src/manifests/flows';

const PAGE = readFileSync(join(__dirname, '../../docs/reference/network.md'), 'utf8');

/** `8443 broker-api`, `80`, `53 TCP and UDP`. */
function portsText(flow: Flow): string {
  const protocols = flow.protocols === undefined ? '' : ` ${flow.protocols.join(' and ')}`;
  const names = flow.ports.map((port) => (typeof port === 'number' ? '' : ` \`${port}\``));
  const numbers = [...new Set(portsOf(flow).map(({ port }) => port))];
  return numbers.map((port, index) => `${port}${names[index]}${protocols}`).join(', ');
}

/** Which ends have a policy of ours. */
function endsText({ from, to, ends }: Flow): string {
  if (ends !== undefined) return ends;
  return isRole(from) && isRole(to) ? 'both' : isRole(from) ? 'egress' : 'ingress';
}

function rowOf(flow: Flow): string {
  return `| \`${flow.id}\` | ${flow.from} | ${flow.to} | ${portsText(flow)} | ${endsText(flow)} | ${flow.why} |`;
}

function sectionOf(title: string): string {
  return PAGE.split(/^## /m).find((section) => section.startsWith(`${title}\n`))!;
}

test('the table of flows is the flow table', () => {
  const between = /<!-- flows -->\n([^]*)<!-- \/flows -->/.exec(PAGE)![1];
  const table = ['| flow | from | to | ports | ends | why |', '|---|---|---|---|---|---|', ...FLOWS.map(rowOf)];
  expect(between.trim().split('\n')).toEqual(table);
});

test('every place is explained', () => {
  for (const place of PLACES) expect(sectionOf('Places')).toContain(`\`${place}\``);
});

test('flows that the comparison names exist', () => {
  const named = [...sectionOf('Flows of other charts').matchAll(/`([a-z-]+-to-[a-z-]+)`/g)].map(([, id]) => id);
  expect(named.length).toBeGreaterThan(8);
  expect(named.filter((id) => !FLOWS.some((flow) => flow.id === id))).toEqual([]);
});
