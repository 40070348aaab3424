import { egressProblems, startEgress } from './start';
import { EGRESS_ENV } from '../../../src/protocol/env';
import { runRole } from '../server/program/lifecycle';

void runRole({ role: 'egress', table: EGRESS_ENV, check: egressProblems, start: (context) => startEgress(context) });
