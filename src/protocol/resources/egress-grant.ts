import { host, ports } from './common';
import { schema } from '../schema/types';

/** Methods that an egress grant may name. TRACE is missing: it echoes the swapped-in credential. */
export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** Leave for runs to connect to a host. Without methods or paths every method or path is covered. */
export const egressGrant = schema({
  type: 'object',
  required: ['host'],
  properties: {
    host: { ...host, description: "host name in lower case; '*.example.com' covers every name below example.com, but not that itself" },
    ports: { ...ports, description: 'the only ports that are covered; with 0, or without it, all that the network lets out' },
    methods: {
      'type': 'array',
      'maxItems': METHODS.length,
      'x-kubernetes-list-type': 'set',
      'description': 'the only HTTP methods that are covered where the egress proxy can read requests; all without it',
      'items': { type: 'string', enum: METHODS },
    },
    paths: {
      'type': 'array',
      'maxItems': 32,
      'x-kubernetes-list-type': 'set',
      'description': "each covers that path alone, or every path that begins with it when it ends in '*'; all paths without it",
      'items': {
        'type': 'string',
        'maxLength': 512,
        'pattern': '^/[!"$-)+->@-[\\]-~]*\\*?$',
        'patternMessage': "must begin with '/', have no query, blank or backslash, and '*' only at its end",
        'x-kubernetes-validations': [{
          // A server may resolve such segments, so that the path it serves is not the path that was granted.
          rule: "!self.matches('//|/[.][.]?(/|[*]?$)')",
          message: "must not have empty, '.' or '..' segments",
          holds: (self) => !/\/\/|\/\.\.?(\/|\*?$)/.test(self),
        }],
      },
    },
  },
});

/** What a requirement of a template asks for. */
export const egressRequirement = schema({
  type: 'object',
  required: ['host'],
  properties: {
    host: { ...host, description: "host name in lower case, or '*.example.com' for every name below example.com" },
    ports: { ...ports, description: 'ports that are needed; with 0, or without it, all, which only a grant for all covers' },
  },
});
