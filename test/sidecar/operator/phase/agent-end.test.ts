import { AGENT_END_ROWS } from './agent-end-rows';
import { EARLY_END_ROWS } from './early-end-rows';
import { holdsFor } from './pod-documents';

describe('the exit code tells how the agent has ended', () => holdsFor(AGENT_END_ROWS.EXIT_CODES));
describe('an agent that fails early is told what its pod allows', () => holdsFor(EARLY_END_ROWS));
describe('containers beside the agent do not', () => holdsFor(AGENT_END_ROWS.BESIDE));
describe('an end that others have imposed is not of the agent', () => holdsFor(AGENT_END_ROWS.IMPOSED));
describe('who ends at the deadline or later is late', () => holdsFor(AGENT_END_ROWS.AT_THE_DEADLINE));
