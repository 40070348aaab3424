import { dirname, join, resolve } from 'node:path';
import { devRole } from './dev';
import { startController } from '../controller/start';
import { startGateway } from '../gateway/start';
import { runRole } from '../server/program/lifecycle';

void runRole(devRole({
  startController,
  startGateway,
  sessionProgram: join(dirname(resolve(process.argv[1])), 'session.mjs'),
  say: (line) => process.stdout.write(`${line}\n`),
}));
