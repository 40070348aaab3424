import { dirname, join, resolve } from 'node:path';
import { controllerProblems, startController } from './start';
import { CONTROLLER_ENV } from '../../../src/protocol/env';
import { runRole } from '../server/program/lifecycle';
import { storeProblems } from '../store/configured-store';

/** The bundles of all roles lie in one folder. */
const SESSION_BESIDE = join(dirname(resolve(process.argv[1])), 'session.mjs');

void runRole({
  role: 'controller',
  table: CONTROLLER_ENV,
  check: (config) => [...controllerProblems(config), ...storeProblems(config)],
  start: ({ config, ...context }) => {
    const { SESSION_PROGRAM = SESSION_BESIDE } = config;
    return startController({ ...context, config: { ...config, SESSION_PROGRAM } });
  },
});
