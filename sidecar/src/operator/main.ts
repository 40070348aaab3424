import { operatorProblems, startOperator } from './start';
import { OPERATOR_ENV } from '../../../src/protocol/env';
import { runRole } from '../server/program/lifecycle';

void runRole({ role: 'operator', table: OPERATOR_ENV, check: operatorProblems, start: (context) => startOperator(context) });
