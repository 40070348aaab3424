import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BrokerFailure } from '../../../sidecar/src/controller/broker-client';
import { HandshakeError } from '../../../sidecar/src/controller/handshake';
import { refusalOf } from '../../../sidecar/src/controller/refuse';
import { ProviderError } from '../../../sidecar/src/controller/worker-provider';
import type { ApiError } from '../../../sidecar/src/server/http/errors';
import { SESSIONS_ERRORS } from '../../../sidecar/src/server/http/sessions-errors';
import { StoreError } from '../../../sidecar/src/store/store-error';
import { SESSIONS_STATUS } from '../../../src/protocol/sessions-api';

const DETAIL = 'canary of the part behind';

test.each<[Error, string, number, string | undefined]>([
  [new StoreError('Conflict', DETAIL), 'CONFLICT', 409, undefined],
  [new StoreError('Missing', DETAIL), 'SESSION_NOT_FOUND', 404, undefined],
  [new StoreError('Poison', DETAIL), 'STORE_UNAVAILABLE', 503, '1'],
  [new StoreError('Unavailable', DETAIL), 'STORE_UNAVAILABLE', 503, '1'],
  [new ProviderError('PoolEmpty', DETAIL), 'POOL_EMPTY', 503, '5'],
  [new ProviderError('Unavailable', DETAIL), 'UNAVAILABLE', 503, '1'],
  [new HandshakeError('Taken', DETAIL), 'CREATION_FAILED', 502, undefined],
  [new HandshakeError('Refused', DETAIL), 'CREATION_FAILED', 502, undefined],
  [new HandshakeError('NoDaemon', DETAIL), 'CREATION_FAILED', 502, undefined],
  [new HandshakeError('Unreachable', DETAIL), 'CREATION_TIMEOUT', 504, undefined],
  [new BrokerFailure('Unavailable', DETAIL), 'UNAVAILABLE', 503, '1'],
  [new BrokerFailure('Refused', DETAIL), 'CREATION_FAILED', 502, undefined],
])('%s becomes %s', (error, code, status, retryAfter) => {
  const refusal = refusalOf(error, 's-1') as ApiError;
  expect([refusal.code, refusal.status, refusal.headers['retry-after']]).toEqual([code, status, retryAfter]);
  expect(refusal.message).not.toContain(DETAIL);
  expect(refusal.code === 'SESSION_NOT_FOUND' || refusal.cause === error).toBe(true);
});

test('what is no trouble of a part behind stays a defect', () => {
  const defect = new RangeError('a defect');
  expect(refusalOf(defect, 's-1')).toBe(defect);
});

test('a refusal has the same text for clients of either side of AgentCube', () => {
  const refusal = refusalOf(new ProviderError('PoolEmpty', DETAIL), 's-1') as ApiError;
  expect(SESSIONS_ERRORS.body!(refusal)).toEqual({ code: 'POOL_EMPTY', error: refusal.message, message: refusal.message });
});

test('every code of the table is one that the controller uses, or is about invocations', () => {
  const folder = 'sidecar/src/controller';
  const source = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts')).map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
  const { malformed, unknownPath, limited, unavailable, unexpected } = SESSIONS_ERRORS;
  const used = new Set([malformed, unknownPath, limited, unavailable, unexpected, ...[...source.matchAll(/refuse\('([A-Z_]+)'/g)].map(([, code]) => code)]);
  const invocations = ['CONTROLLER_UNAVAILABLE', 'ENTRY_POINT_NOT_FOUND', 'SANDBOX_FAILED', 'SANDBOX_TIMEOUT', 'SANDBOX_UNREACHABLE', 'SERVER_OVERLOADED'];
  expect([...used, ...invocations].sort()).toEqual(Object.keys(SESSIONS_STATUS).sort());
});
