import { gatewayProblems, startGateway } from './start';
import { GATEWAY_ENV } from '../../../src/protocol/env';
import { runRole } from '../server/program/lifecycle';
import { storeProblems } from '../store/configured-store';

void runRole({
  role: 'gateway',
  table: GATEWAY_ENV,
  check: (config) => [...gatewayProblems(config), ...storeProblems(config)],
  start: (context) => startGateway(context),
});
