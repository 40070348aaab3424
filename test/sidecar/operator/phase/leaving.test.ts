import { LEAVING_ROWS } from './leaving-rows';
import { holdsFor } from './pod-documents';

describe('a pod that is told to end', () => holdsFor(LEAVING_ROWS.STOPPING));
describe('a run that had to stop', () => holdsFor(LEAVING_ROWS.STOPPED));
describe('the log of a pod that is deleted is nowhere to be read', () => holdsFor(LEAVING_ROWS.LOGS));
describe('a node that does not answer', () => holdsFor(LEAVING_ROWS.SILENT));
