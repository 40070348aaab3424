import { brokerPolicy, headerGrant } from '../documents';
import { egressWorld, OF_RUN, POLICY, REST, RUN } from '../egress-world';

const ISSUE = { name: 'GITHUB_TOKEN' };
const REFUSED = { status: 403, body: { code: 'Forbidden', message: 'the run takes its prompt from Secret upstream, which a policy grants' } };

/** The run with its prompt from elsewhere. */
function runFrom(promptFrom: object) {
  const { prompt: _, ...spec } = RUN.spec;
  return { ...RUN, spec: { ...spec, promptFrom } };
}

const fromSecret = (name: string) => runFrom({ secretKeyRef: { name, key: 'token' } });

test('a run whose prompt is a Secret that a policy grants gets nothing, and that is recorded', async () => {
  const { ask, askAs, records } = egressWorld([fromSecret('upstream'), ...REST]);
  expect(await ask('issue', ISSUE)).toMatchObject(REFUSED);
  expect(await askAs('operator', 'issue-egress', {}, OF_RUN)).toMatchObject(REFUSED);
  expect(records.map(({ decision, kind }) => `${decision} ${kind}`)).toEqual(Array(2).fill('denied credential-denied'));
});

test('also when the policy is for another template', async () => {
  const other = brokerPolicy({ name: 'p2' }, { appliesToTemplates: ['another'], grants: { credentials: [headerGrant()], egress: [{ host: 'api.github.com' }] } });
  const { ask } = egressWorld([fromSecret('upstream'), REST[0], other]);
  expect(await ask('issue', ISSUE)).toMatchObject(REFUSED);
});

test.each<[string, object]>([
  ['another Secret', fromSecret('prompts')],
  ['a ConfigMap of the same name', runFrom({ configMapKeyRef: { name: 'upstream', key: 'token' } })],
])('a prompt from %s is none of its business', async (_, run) => {
  const { ask, askAs } = egressWorld([run, ...REST]);
  expect((await ask('issue', ISSUE)).status).toBe(200);
  expect((await askAs('operator', 'issue-egress', {}, OF_RUN)).status).toBe(200);
});

test('a policy of another namespace grants another Secret', async () => {
  const elsewhere = { ...POLICY, metadata: { name: 'p2', namespace: 'team-b' } };
  const { askAs } = egressWorld([fromSecret('upstream'), REST[0], elsewhere]);
  expect((await askAs('operator', 'issue-egress', {}, OF_RUN)).status).toBe(200);
});
