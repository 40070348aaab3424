import { readFileSync } from 'node:fs';
import {
  EGRESS_CODE_HEADER, EGRESS_RATE, EGRESS_STATUS, HELLO_TIMEOUT, IDLE_TIMEOUT, LONGEST_VERDICT, MAX_CLIENT_HELLO, MAX_CONNECTIONS_PER_RUN,
  MAX_EGRESS_HEADERS, MAX_EGRESS_SOCKETS, MAX_SOCKETS_PER_ADDRESS, REFUSED_PORTS, REVALIDATION_TIMEOUT, SEARCHED_ANSWER, TUNNEL_ENDS,
} from '../../src/protocol/egress-api';
import { PORTS } from '../../src/protocol/ports';

const PAGE = readFileSync('docs/reference/egress.md', 'utf8');

test('the page lists every code with its statuses, and no other', () => {
  const written = [...PAGE.matchAll(/^\| `([A-Z_]+)` \| ([\d, ]+) \| .+ \|$/gm)].map(([, code, statuses]) => [code, statuses]);
  expect(written).toEqual(Object.entries(EGRESS_STATUS).map(([code, statuses]) => [code, statuses.join(', ')]));
});

test('the page lists every end of a tunnel, and no other', () => {
  const written = [...PAGE.matchAll(/^\| `([A-Z_]+)` \| (?!\d)[^|]+ \|$/gm)].map(([, end]) => end);
  expect(written).toEqual([...TUNNEL_ENDS]);
});

test('the page says ports, header and bounds as they are', () => {
  for (const port of ['egress-proxy', 'egress-base-url', 'egress-fence', 'admin'] as const) expect(PAGE).toContain(`| ${PORTS[port]} |`);
  expect(PAGE).toContain(`\`${EGRESS_CODE_HEADER}\``);
  expect(PAGE).toContain(`whatever the policies say: ${REFUSED_PORTS.join(', ')} |`);
  const bounds = [
    ['request line and headers', `${MAX_EGRESS_HEADERS / 1024} KiB`],
    ['connections and requests of a run, open at once', `${MAX_CONNECTIONS_PER_RUN}, \`connectionsPerRun\``],
    ['begun in a second', `${EGRESS_RATE}, \`requestsPerSecond\`; twice as many at once`],
    ['connections of one address', String(MAX_SOCKETS_PER_ADDRESS)],
    ['connections of one replica', String(MAX_EGRESS_SOCKETS)],
    ['ClientHello', `${MAX_CLIENT_HELLO / 1024} KiB, within ${HELLO_TIMEOUT / 1000} s`],
    ['no byte in either direction', `${IDLE_TIMEOUT / 60_000} minutes`],
  ];
  for (const [what, bound] of bounds) expect(PAGE).toContain(`| ${what} | ${bound} |`);
  expect(PAGE).toContain(`at most ${LONGEST_VERDICT / 1000} s`);
  expect(PAGE).toContain(`for ${REVALIDATION_TIMEOUT / 1000} s`);
  expect(PAGE).toContain(`first ${SEARCHED_ANSWER / 1024} KiB`);
});
