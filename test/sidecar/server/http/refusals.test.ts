import { Limiter } from '../../../../sidecar/src/server/bounds/limiter';
import { ApiError } from '../../../../sidecar/src/server/http/errors';
import { BROKER_STATUS } from '../../../../src/protocol/broker-api';
import { capturedLog, closeAll, testServer } from '../frame';

afterEach(closeAll);

function limitedServer(burst: number) {
  const captured = capturedLog();
  const app = testServer({ log: captured.log, refusals: new Limiter({ perSecond: 1, burst, maxKeys: 2, clock: () => 0 }) });
  app.get('/secret', () => {
    throw new ApiError(BROKER_STATUS, 'Unauthorized', 'who are you');
  });
  const get = async (url: string, remoteAddress = '10.0.0.1') => (await app.inject({ method: 'GET', url, remoteAddress })).statusCode;
  return { app, get, ...captured };
}

test('guesses of an address end with 429 and the time to wait', async () => {
  const { app, get } = limitedServer(2);
  expect([await get('/secret'), await get('/nowhere')]).toEqual([401, 404]);
  const answer = await app.inject({ method: 'GET', url: '/secret', remoteAddress: '10.0.0.1' });
  expect([answer.statusCode, answer.headers['retry-after'], answer.json()]).toEqual([429, '1', { code: 'RateLimited', message: 'too many refused requests' }]);
});

test('what would be answered is answered all the same', async () => {
  const { get } = limitedServer(1);
  await get('/nowhere');
  expect([await get('/nowhere'), await get('/runs/a')]).toEqual([429, 200]);
});

test('another address has its own measure, until there are too many', async () => {
  const { get } = limitedServer(1);
  expect([await get('/nowhere'), await get('/nowhere', '10.0.0.2'), await get('/nowhere', '10.0.0.3')]).toEqual([404, 404, 429]);
});

test('refusals by which nobody learns a secret are not limited', async () => {
  const { app } = limitedServer(1);
  for (let i = 0; i < 3; i++) expect((await app.inject({ method: 'POST', url: '/v1/issue', payload: {} })).statusCode).toBe(400);
});

test('who is refused without a token is told which kind is wanted', async () => {
  const { app } = limitedServer(1);
  expect((await app.inject({ method: 'GET', url: '/secret' })).headers['www-authenticate']).toBe('Bearer');
});

test('addresses that others claim to speak for do not count', async () => {
  const { app } = limitedServer(1);
  const get = async (forwarded: string) => (await app.inject({ method: 'GET', url: '/nowhere', headers: { 'x-forwarded-for': forwarded } })).statusCode;
  expect([await get('1.1.1.1'), await get('2.2.2.2')]).toEqual([404, 429]);
});
