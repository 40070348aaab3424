import { readFileSync } from 'node:fs';
import { CONTROLLER_AUDIENCE } from '../../src/protocol/names';
import { MAX_ENV_VARIABLES } from '../../src/protocol/session-api';
import { OWNER_PREFIXES } from '../../src/protocol/session-pools';
import { RECORD_LIMITS, SESSION_PHASES } from '../../src/protocol/session-record';
import {
  ADMIN_HEADER, IDEMPOTENCY_HEADER, INVOCATION_KINDS, MAX_SESSION_ENV, MAX_SESSION_PAGE, OWNER_HEADER, SESSION_HEADER,
  SESSIONS_ROUTES, SESSIONS_STATUS,
} from '../../src/protocol/sessions-api';

const PAGE = readFileSync('docs/reference/sessions-api.md', 'utf8');

test('the page lists every code with its statuses, and no other', () => {
  const written = [...PAGE.matchAll(/^\| `([A-Z_]+)` \| ([\d, ]+) \| (.+) \|$/gm)].map(([, code, statuses]) => [code, statuses]);
  expect(written).toEqual(Object.entries(SESSIONS_STATUS).map(([code, statuses]) => [code, statuses.join(', ')]));
});

test('the page lists every route, and no other', () => {
  const written = [...PAGE.matchAll(/^\| (?:`(?:GET|POST|DELETE) |any method, `)(\/[^`]+)` \|/gm)].map(([, path]) => path);
  const { create, remove, ...others } = SESSIONS_ROUTES;
  const invocations = Object.values(INVOCATION_KINDS).map((part) => `/v1/namespaces/:namespace/${part}/:name/invocations/*`);
  expect([...new Set(written)].sort()).toEqual([...Object.values(create), ...Object.values(remove), ...Object.values(others), ...invocations].sort());
});

test('the page names headers, audience and owners as the wire has them', () => {
  const lower = PAGE.toLowerCase();
  for (const header of [ADMIN_HEADER, IDEMPOTENCY_HEADER, OWNER_HEADER, SESSION_HEADER]) expect(lower).toContain(`\`${header}`);
  expect(PAGE).toContain(`audience \`${CONTROLLER_AUDIENCE}\``);
  for (const prefix of Object.values(OWNER_PREFIXES)) expect(PAGE).toContain(`\`${prefix}<`);
});

test('the page says the bounds that requests have', () => {
  expect(PAGE).toContain(`\`limit\`, 1 to ${MAX_SESSION_PAGE}`);
  expect(PAGE).toContain(`texts by name, at most ${RECORD_LIMITS.metadata}`);
  expect(PAGE).toContain(`At most ${MAX_ENV_VARIABLES} variables and ${MAX_SESSION_ENV / 1024} KiB`);
  expect(PAGE).toContain(`\`status\` (${SESSION_PHASES.slice(0, -1).map((phase) => `\`${phase}\``).join(', ')} or \`${SESSION_PHASES.at(-1)}\`)`);
});
