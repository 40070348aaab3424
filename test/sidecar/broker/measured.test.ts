import { decision } from './audit/support';
import { measuredAudit, measureRequests } from '../../../sidecar/src/broker/measured';
import { closeAll, testServer } from '../server/frame';

afterEach(closeAll);

test('a record that is written counts as decided, one that is not as failed', async () => {
  const heard: unknown[] = [];
  let fails = false;
  const audit = measuredAudit({
    write: async () => {
      if (fails) throw new Error('full');
      return 'audit-1';
    },
    unready: () => 'full',
    close: async () => undefined,
  }, { decided: ({ kind }) => heard.push(kind), auditFailed: () => heard.push('failed') });
  expect(await audit.write(decision())).toBe('audit-1');
  fails = true;
  await expect(audit.write(decision())).rejects.toThrow('full');
  expect(heard).toEqual(['credential-issued', 'failed']);
  expect(audit.unready()).toBe('full');
});

test('answers are counted by endpoint and code, and what is no endpoint is not', async () => {
  const heard: unknown[] = [];
  const app = testServer();
  measureRequests(app, { answered: (...answer) => heard.push(answer) });
  await app.inject({ method: 'POST', url: '/v1/issue', payload: { name: 'a' } });
  await app.inject({ method: 'POST', url: '/v1/issue', payload: { name: 7 } });
  await app.inject({ method: 'POST', url: '/v1/issue', headers: { 'content-type': 'text/plain' }, payload: 'x' });
  await app.inject({ method: 'GET', url: '/v1/issue' });
  await app.inject({ method: 'POST', url: '/nowhere' });
  await app.inject({ method: 'GET', url: '/runs/r1' });
  expect(heard).toEqual([['issue', 'ok'], ['issue', 'BadRequest'], ['issue', 'BadRequest']]);
});
