import { ERRORS } from './frame';
import { buildServer } from '../../../sidecar/src/server/http/build-server';
import { runRole } from '../../../sidecar/src/server/program/lifecycle';
import { COMMON_ENV } from '../../../src/protocol/env';

/** Resolves when the process is told to end, however late it hears of that. */
const told = new Promise((resolve) => (['SIGTERM', 'SIGINT'] as const).forEach((signal) => process.once(signal, resolve)));

/** A role of its own process, for the tests of lifecycle.ts. What it does wrong is asked for by path. */
void runRole({
  role: 'life',
  table: {
    ...COMMON_ENV,
    API_LISTEN: { kind: 'listen', default: '127.0.0.1:0', doc: 'address of the API' },
    START: { kind: 'enum', values: ['well', 'badly'], default: 'well', doc: 'how the start ends' },
  },
  check: ({ START, LOG_LEVEL }) => START === 'badly' && LOG_LEVEL === 'trace' ? ['START and LOG_LEVEL do not go together'] : [],
  start: async ({ config, log }) => {
    if (config.START === 'badly') throw new Error('no state; Bearer hunter2hunter2');
    const app = buildServer({ log, errors: ERRORS });
    app.get('/slow', async () => {
      process.stdout.write('asked\n');
      await told;
      await new Promise((resolve) => setTimeout(resolve, 400));
      return 'late';
    });
    app.get('/stuck', () => {
      process.stdout.write('asked\n');
      return new Promise(() => {});
    });
    app.get('/throw', () => {
      setImmediate(() => {
        throw new Error('thrown outside; Bearer hunter2hunter2');
      });
      return 'soon';
    });
    app.get('/reject', () => {
      void Promise.reject(new Error('rejected outside'));
      return 'soon';
    });
    return { servers: [{ name: 'api', app, listen: config.API_LISTEN }] };
  },
});
