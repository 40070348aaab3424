import { readFileSync } from 'node:fs';
import { BROKER_RATES, BROKER_ROUTES, BROKER_STATUS, RUN_HEADER, RUN_NAMESPACE_HEADER, RUN_UID_HEADER } from '../../src/protocol/broker-api';
import { BROKER_AUDIENCE, ownAccount } from '../../src/protocol/names';

const PAGE = readFileSync('docs/reference/broker-api.md', 'utf8');

test('the page lists every code with its statuses, and no other', () => {
  const written = [...PAGE.matchAll(/^\| `([A-Z]\w+)` \| ([\d, ]+) \| (.+) \|$/gm)].map(([, code, statuses]) => [code, statuses]);
  expect(written).toEqual(Object.entries(BROKER_STATUS).map(([code, statuses]) => [code, statuses.join(', ')]));
});

test('the page lists every endpoint', () => {
  const endpoints = PAGE.slice(PAGE.indexOf('## Endpoints'), PAGE.indexOf('## Limits'));
  const written = [...endpoints.matchAll(/^\| `(\/v1\/[a-z-]+)` \|/gm)].map(([, path]) => path);
  expect(written.sort()).toEqual(Object.values(BROKER_ROUTES).sort());
});

test('the page names headers, audience and account as the wire has them', () => {
  const headers = [...PAGE.matchAll(/^\| `(X-[A-Za-z-]+)` \|/gm)].map(([, header]) => header.toLowerCase());
  expect(headers).toEqual([RUN_HEADER, RUN_NAMESPACE_HEADER, RUN_UID_HEADER]);
  expect(PAGE).toContain(`audience \`${BROKER_AUDIENCE}\``);
  expect(PAGE).toContain(`ServiceAccount \`${ownAccount('<run>')}\``);
});

test('the page says the limits that the broker has', () => {
  const limits = [...PAGE.matchAll(/^\| `(\/v1\/[a-z-]+)` \| (\d+) \| (\d+) \|$/gm)].map(([, path, perSecond, burst]) => [path, { perSecond: Number(perSecond), burst: Number(burst) }]);
  const { issue, issueEgress, renew, validate, substitute, recorded } = BROKER_RATES;
  expect(Object.fromEntries(limits)).toEqual({
    [BROKER_ROUTES.issue]: issue,
    [BROKER_ROUTES.issueEgress]: issueEgress,
    [BROKER_ROUTES.renew]: renew,
    [BROKER_ROUTES.validateEgress]: validate,
    [BROKER_ROUTES.substituteAuth]: substitute,
  });
  expect(PAGE).toContain(`${recorded.perSecond} each second and ${recorded.burst} at\nonce`);
});
