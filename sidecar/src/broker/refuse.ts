import { BROKER_STATUS } from '../../../src/protocol/broker-api';
import { refusals } from '../server/http/errors';

/** Makes a refusal with a code of the broker: `throw refuse('PolicyMissing', 'no policy grants it')`. */
export const refuse = refusals(BROKER_STATUS);
