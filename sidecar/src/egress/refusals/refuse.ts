import { EGRESS_STATUS } from '../../../../src/protocol/egress-api';
import { refusals } from '../../server/http/errors';

/** Makes a refusal with a code of the proxy: `throw refuse('PORT_REFUSED', 'nobody connects to port 25')`. */
export const refuse = refusals(EGRESS_STATUS);
