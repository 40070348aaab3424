import { GIVEN_UP_ROWS } from './given-up-rows';
import { holdsFor } from './pod-documents';

describe('patience has an end', () => holdsFor(GIVEN_UP_ROWS.OUT_OF_PATIENCE));
describe('what cannot go away is not waited for', () => holdsFor(GIVEN_UP_ROWS.AT_ONCE));
