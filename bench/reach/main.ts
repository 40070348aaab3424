import { pairs, World, worldOf } from './worlds';
import { MatrixCell, Reach, ReachPod } from '../../src/manifests/reach';
import { HUGE, HUGE_POLICIES, hugePods } from '../../test/helpers/huge-world';
import { slowReach } from '../../test/helpers/slow-reach';

/*
 * Answers per second of the reach evaluator, and how that changes with the size of the
 * cluster; then the matrix of one platform in a huge one. The baseline is the slow reference
 * of the tests on the same questions in the same run: plain loops over raw JSON. Every round
 * measures every size, so that a busy machine slows all of them and not one.
 */
const SIZES = [100, 1_000, 10_000];
const QUESTIONS = 100_000;
const SLOW_QUESTIONS = 500;
const ROUNDS = 9;
const HUGE_SIZES = [4, 200, HUGE.podsInEach];
const HUGE_ROUNDS = 5;

const seconds = (work: () => void): number => {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start) / 1e9;
};
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const count = (value: number, width = 0): string => Math.round(value).toLocaleString('en').padStart(width);

function agree(reach: Reach, policies: readonly object[], questions: readonly [ReachPod, ReachPod][]): void {
  const wrong = questions.filter(([from, to]) => reach.mayReach(from, to, 80).allowed !== slowReach(policies, from, to, 80, 'TCP'));
  if (wrong.length > 0 || reach.findings.length > 0) throw new Error(`${wrong.length} answers differ, ${reach.findings.length} findings`);
}

/** One size: both ways to answer, and what each took in every round. */
class Contest {
  public readonly fast: number[] = [];
  public readonly slow: number[] = [];
  private readonly reach: Reach;
  private readonly many: [ReachPod, ReachPod][];

  constructor(private readonly world: World) {
    this.reach = new Reach(world.policies);
    this.many = pairs(world.pods, QUESTIONS);
    agree(this.reach, world.policies, this.few);
  }

  public round(): void {
    const { policies } = this.world;
    this.fast.push(QUESTIONS / seconds(() => this.many.forEach(([from, to]) => this.reach.mayReach(from, to, 80))));
    this.slow.push(SLOW_QUESTIONS / seconds(() => this.few.forEach(([from, to]) => slowReach(policies, from, to, 80, 'TCP'))));
  }

  private get few(): [ReachPod, ReachPod][] {
    return this.many.slice(0, SLOW_QUESTIONS);
  }
}

function answers(): void {
  console.log(`Reach evaluator on Node ${process.versions.node}, medians of ${ROUNDS} rounds. The baseline answers the same questions by plain loops.`);
  const contests = SIZES.map((size) => ({ size, world: worldOf(size) })).map(({ size, world }) => ({ size, world, contest: new Contest(world) }));
  for (let round = 0; round < ROUNDS; round += 1) contests.forEach(({ contest }) => contest.round());
  const first = contests[0].contest.fast;
  for (const { size, world, contest: { fast, slow } } of contests) {
    // Ratios within a round first: both sides of each had the same machine.
    const ratio = median(fast.map((one, round) => one / slow[round]));
    const growth = median(fast.map((one, round) => first[round] / one));
    console.log(`  ${count(size, 9)} pods, ${count(world.policies.length, 5)} policies   ${ratio.toFixed(1).padStart(7)} x plain loops   `
      + `${growth.toFixed(2)} x the time of ${SIZES[0]} pods   ${count(median(fast))}/s against ${count(median(slow))}/s`);
  }
}

/** One size of the huge world: the matrix of a namespace both ways, and plain loops on a few of its pairs. */
class Matrix {
  public readonly pods: ReachPod[];
  public readonly taken: number[] = [];
  public readonly ratios: number[] = [];
  public cells: MatrixCell[] = [];
  public grown = 0;

  constructor(inEach: number) {
    this.pods = hugePods(inEach);
  }

  public get pairs(): number {
    return this.cells.reduce((sum, { from, to }) => sum + from.members.length * to.members.length, 0);
  }

  public round(): void {
    const platform = this.pods.filter(({ namespace }) => namespace === 'ns-7');
    const before = process.memoryUsage().heapUsed;
    const time = seconds(() => {
      const reach = new Reach(HUGE_POLICIES);
      const [mine, everyone] = [reach.groups(platform), reach.groups(this.pods)];
      this.cells = [...reach.matrix(mine, everyone, 80), ...reach.matrix(everyone, mine, 80)];
    });
    this.grown = Math.max(this.grown, process.memoryUsage().heapUsed - before);
    const few = Array.from({ length: SLOW_QUESTIONS }, (_, index) => this.cells[(index * 7919) % this.cells.length]);
    const wrong = few.filter(({ from, to, verdict }) => slowReach(HUGE_POLICIES, from.members[0], to.members[0], 80, 'TCP') !== verdict.allowed);
    if (wrong.length > 0) throw new Error(`${wrong.length} answers differ`);
    const each = seconds(() => few.forEach(({ from, to }) => slowReach(HUGE_POLICIES, from.members[0], to.members[0], 80, 'TCP'))) / few.length;
    this.taken.push(time);
    this.ratios.push(each * this.pairs / time);
  }
}

function matrices(): void {
  console.log(`Both ways between one namespace and everybody, ${HUGE.namespaces} namespaces, ${count(HUGE.policies)} policies, medians of ${HUGE_ROUNDS} rounds.`);
  const sizes = HUGE_SIZES.map((inEach) => new Matrix(inEach));
  for (let round = 0; round < HUGE_ROUNDS; round += 1) sizes.forEach((size) => size.round());
  const first = sizes[0];
  for (const { pods, taken, ratios, cells, pairs: all, grown } of sizes) {
    const growth = median(taken.map((time, round) => time / first.taken[round]));
    console.log(`  ${count(pods.length, 9)} pods   ${count(median(ratios), 7)} x plain loops   ${growth.toFixed(1).padStart(5)} x the time of ${count(first.pods.length)} pods   `
      + `${count(all)} pairs in ${count(cells.length)} answers, ${median(taken).toFixed(2)} s and ${count(grown / 1e6)} MB`);
  }
}

answers();
matrices();
