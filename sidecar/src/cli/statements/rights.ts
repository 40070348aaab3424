import { exactly, Fact, refuseBeyondLimit, starred, Statement, Term, Told } from './statement';
import { PostureAccount, PostureDocument, PostureRight } from '../../../../src/protocol/posture';

/** Who may do what by the API: one statement for each verb on each resource, or on each object that is named. */
export function rightStatements({ accounts }: PostureDocument): Told {
  refuseBeyondLimit(accounts.flatMap(({ rights }) => rights).reduce((sum, right) => sum + countOf(right), 0));
  return {
    statements: accounts.flatMap(({ subject, rights }) => rights.flatMap((right) => statementsOf(subject, right))),
    facts: accounts.flatMap(factsOf),
  };
}

/** How many statements a right is, before they are made. */
function countOf({ verbs, groups, resources, names, urls }: PostureRight): number {
  return verbs.length * (groups.length * resources.length * Math.max(1, names.length) + urls.length);
}

function statementsOf(account: string, right: PostureRight): Statement[] {
  const { scope, role, known, groups, resources, verbs, names, urls } = right;
  if (!known) {
    return [{ section: 'rights', subject: account, verb: `has the ${role} (${scope}), whose rules are not part of the app`, effect: 'opens' }];
  }
  const objects = names.length === 0 ? ['*'] : names;
  const where = scope === 'cluster' ? 'in the whole cluster' : `in ${scope}`;
  const common = { section: 'rights', subject: `${account} may`, effect: 'opens', note: `by ${role}` } as const;
  return verbs.flatMap((verb) => [
    ...groups.flatMap((group) => resources.flatMap((resource) => objects.map((name): Statement => ({
      ...common,
      kind: 'objects',
      verb: `${verb === '*' ? 'do anything with' : verb} ${group === '' ? resource : `${resource}.${group}`}${name === '*' ? '' : ` '${name}'`} ${where}`,
      terms: [scopeTerm(scope), starred(verb), starred(group), starred(resource), starred(name)],
    })))),
    ...urls.map((url): Statement => ({ ...common, kind: 'urls', verb: `${verb === '*' ? 'do anything with' : verb} ${url}`, terms: [starred(verb), starred(url)] })),
  ]);
}

/** A right in the whole cluster holds in every namespace. */
function scopeTerm(scope: string): Term {
  return scope === 'cluster' ? { text: scope, covers: () => true } : exactly(scope);
}

function factsOf({ subject, workloads, rights }: PostureAccount): Fact[] {
  const roles = [...new Set(rights.map(({ role, scope }) => `${role} (${scope})`))].sort();
  return [
    { section: 'rights', key: `account ${subject}`, subject },
    { section: 'rights', key: `workloads of ${subject}`, subject: `workloads that use ${subject}`, value: workloads.join(', ') || 'none' },
    { section: 'rights', key: `roles of ${subject}`, subject: `roles of ${subject}`, value: roles.join(', ') || 'none' },
    // The same rights may be written as other rules.
    { section: 'rights', key: `rules of ${subject}`, subject: `how the rules of ${subject} are written`, value: rights.map(ruleText).sort().join('; ') || 'none' },
  ];
}

function ruleText({ scope, role, verbs, groups, resources, names, urls }: PostureRight): string {
  const parts = [verbs, groups.map((group) => (group === '' ? 'core' : group)), resources, names, urls].map((texts) => texts.join(','));
  return `${role} (${scope}): ${parts.filter((part) => part !== '').join(' ')}`;
}
