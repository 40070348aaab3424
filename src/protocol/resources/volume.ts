import { quantity } from './common';
import { schema } from '../schema/types';

/** Size of a volume. Of `0` a claim would be refused, and scratch space would have no limit at all. */
export const volumeSize = schema({
  ...quantity,
  'x-kubernetes-validations': [{
    rule: "quantity(string(self)).isGreaterThan(quantity('0'))",
    message: 'must be more than 0',
    holds: (self) => /^[0-9.]*[1-9]/.test(String(self)),
  }],
});

/** Where a container has a volume. */
export const mountPath = schema({
  'type': 'string',
  'maxLength': 256,
  'pattern': '^(/[A-Za-z0-9._-]+)+$',
  'patternMessage': "must be an absolute path below '/'",
  'x-kubernetes-validations': [{
    // With one spelling per path, comparing texts is enough to find two volumes in one place.
    rule: "!self.matches('/[.][.]?(/|$)')",
    message: "must not have '.' or '..' segments",
    holds: (self) => !/\/\.\.?(\/|$)/.test(self),
  }],
});
