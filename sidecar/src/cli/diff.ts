import { statementsOf } from './statements/document';
import { cutsOf } from './statements/network';
import { joined, verbOf } from './statements/sentences';
import { Fact, Section, SECTIONS, Statement, Told } from './statements/statement';
import { PostureDocument } from '../../../src/protocol/posture';

/** One sentence about a difference. */
export interface Difference {
  readonly section: Section;
  readonly text: string;
}

/** What a change lets happen that was not possible, what it ends, and what else is different. */
export interface PostureDiff {
  readonly opens: readonly Difference[];
  readonly closes: readonly Difference[];
  readonly changes: readonly Difference[];
}

/**
 * Compares two postures. What one says in other words, or what a wider grant of the other covers,
 * neither opens nor closes anything; it is among the other changes.
 */
export function diffOf(before: PostureDocument, after: PostureDocument): PostureDiff {
  const cuts = [...new Set([...cutsOf(before), ...cutsOf(after)])];
  const [old, young] = [new Said(statementsOf(before, cuts)), new Said(statementsOf(after, cuts))];
  const gained = young.beyond(old);
  const lost = old.beyond(young);
  return {
    opens: sorted([...sentences(gained, 'opens', 'now'), ...sentences(lost, 'closes', 'no longer')]),
    closes: sorted([...sentences(gained, 'closes', 'now'), ...sentences(lost, 'opens', 'no longer')]),
    changes: sorted(factChanges(old, young)),
  };
}

function sentences(statements: readonly Statement[], effect: Statement['effect'], when: string): Difference[] {
  return joined(statements.filter((statement) => statement.effect === effect)).map((statement) => {
    const { section, subject, note } = statement;
    return { section, text: `${clause(subject, when, verbOf(statement))}${note === undefined ? '' : ` (${note})`}` };
  });
}

/** `may now run as root`, `no longer runs as root`. */
function clause(subject: string, when: string, verb: string): string {
  const [, first, rest] = /^(may|can|is) (.*)$/s.exec(verb) ?? [];
  return first === undefined ? `${subject} ${when} ${verb}` : `${subject} ${first} ${when} ${rest}`;
}

/** What one document says, found by key. */
class Said {
  public readonly facts: ReadonlyMap<string, Fact>;
  private readonly statements: ReadonlyMap<string, Statement>;
  private readonly wide = new Map<string, Statement[]>();

  constructor({ statements, facts }: Told) {
    this.statements = new Map(statements.map((statement) => [`${statement.section} ${statement.subject} ${verbOf(statement)}`, statement]));
    this.facts = new Map(facts.map((fact) => [`${fact.section} ${fact.key}`, fact]));
    for (const statement of this.statements.values()) {
      if (statement.terms === undefined) continue;
      const key = comparable(statement);
      this.wide.set(key, [...this.wide.get(key) ?? [], statement]);
    }
  }

  /** What this one says and the other neither says nor covers. */
  public beyond(other: Said): Statement[] {
    return [...this.statements].filter(([key, statement]) => !other.statements.has(key) && !other.covers(statement))
      .map(([, statement]) => statement)
      .filter(({ section, within }) => within === undefined || (this.facts.has(`${section} ${within}`) && other.facts.has(`${section} ${within}`)));
  }

  private covers({ terms, ...statement }: Statement): boolean {
    if (terms === undefined) return false;
    return (this.wide.get(comparable(statement)) ?? []).some((one) => one.terms!.every((term, index) => term.covers(terms[index].text)));
  }
}

function comparable({ section, subject, kind }: Statement): string {
  return JSON.stringify([section, subject, kind]);
}

function factChanges(old: Said, young: Said): Difference[] {
  const added = present(young, old).map(({ section, subject }) => ({ section, text: `${subject} is new` }));
  const gone = present(old, young).map(({ section, subject }) => ({ section, text: `${subject} is gone` }));
  const changed = [...young.facts].flatMap(([key, { section, subject, value }]): Difference[] => {
    const before = old.facts.get(key);
    if (before === undefined || before.value === value) return [];
    return [{ section, text: `${subject}: ${value}; before: ${before.value}` }];
  });
  return [...added, ...gone, ...changed];
}

/** What is there in one and not in the other. Parts of something that is missing as a whole go without saying. */
function present(here: Said, there: Said): Fact[] {
  return [...here.facts].filter(([key, { value }]) => value === undefined && !there.facts.has(key))
    .map(([, fact]) => fact)
    .filter(({ section, within }) => within === undefined || there.facts.has(`${section} ${within}`));
}

function sorted(differences: readonly Difference[]): Difference[] {
  const order = ({ section }: Difference) => SECTIONS.indexOf(section);
  return [...differences].sort((a, b) => order(a) - order(b) || (a.text < b.text ? -1 : Number(a.text > b.text)));
}
