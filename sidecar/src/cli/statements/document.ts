import { grantStatements } from './grants';
import { networkStatements } from './network';
import { podStatements } from './pods';
import { rightStatements } from './rights';
import { Fact, refuseBeyondLimit, Statement, Told, told } from './statement';
import { PostureDocument } from '../../../../src/protocol/posture';

/** Everything that a document says, as sentences that can be there or not. */
export function statementsOf(document: PostureDocument, cuts: readonly number[]): Told {
  const all = told(
    grantStatements(document),
    networkStatements(document, cuts),
    rightStatements(document),
    podStatements(document),
    waiverStatements(document),
    namespaceStatements(document),
    reportFacts(document),
  );
  refuseBeyondLimit(all.statements.length + all.facts.length);
  return all;
}

function waiverStatements({ waivers }: PostureDocument): Told {
  return {
    statements: waivers.map(({ object, rule, finding, reason }): Statement => ({
      section: 'waivers', subject: object, verb: `is excused from ${rule}: ${finding}`, effect: 'opens', note: `because: ${reason}`,
    })),
    facts: waivers.map(({ object, rule, finding, reason }): Fact => ({
      section: 'waivers', key: `${object} ${rule} ${finding}`, subject: `reason why ${object} is excused from ${rule}`, value: reason,
    })),
  };
}

function namespaceStatements({ namespaces }: PostureDocument): Told {
  return {
    statements: namespaces.flatMap(({ name, enforces }): Statement[] => (enforces === undefined ? [] : [{
      section: 'namespaces', subject: `namespace ${name}`, verb: `enforces the Pod Security Standard '${enforces}'`, effect: 'closes', within: `namespace ${name}`,
    }])),
    facts: namespaces.flatMap(({ name, made }): Fact[] => [
      { section: 'namespaces', key: `namespace ${name}`, subject: `namespace ${name}` },
      { section: 'namespaces', key: `maker of ${name}`, subject: `maker of namespace ${name}`, value: made ? 'this app' : 'somebody else' },
    ]),
  };
}

function reportFacts({ platform, unknown }: PostureDocument): Told {
  return {
    statements: [],
    facts: [
      { section: 'report', key: 'platform', subject: 'name of the platform', value: platform },
      ...unknown.map((text): Fact => ({ section: 'report', key: `unknown ${text}`, subject: `limit of the report, ${text},` })),
    ],
  };
}
