// For each step of the commit protocol, and for what stands behind it, a seeded bug: the campaign's fast parts
// must turn red with it, and are green without. A part that cannot fail would prove nothing.
import { faults } from './faults.mjs';
import { flips } from './flips.mjs';
import { runAlone } from './part.mjs';
import { schedules } from './schedules.mjs';
import { sources, sourcesWith } from './sources.mjs';

/** [step, what it does, text that is there once, text in its place, module if another than generations]. */
const MUTANTS = [
  ['lock', 'ignores that another has it', 'await store.lock(dir);',
    '(await store.lock(dir)) ?? (async () => {});'],
  ['load', 'takes the oldest', '[...numbers].reverse()', 'numbers'],
  ['load', 'takes what is damaged', 'if (crc32c(bytes) !== expected)', 'if (false)', 'stateFile'],
  ['load', 'does not tell of a record that is gone', 'else if (numbers.length > 0) miss(this.#recordPath);', ''],
  ['load', 'does not tell of a state that is gone', 'if (record && !numbers.includes(newest)) miss(', 'void ('],
  ['load', 'begins anew where there is no record', 'if (bytes) record =', 'if (!bytes) numbers = [];\n      if (bytes) record ='],
  ['orphans', 'loads what no record names', 'if (generation > newest) {', 'if (false) {'],
  ['orphans', 'keeps them in the place of good ones', 'this.#refused.add(generation); // An orphan',
    '// An orphan'],
  ['digest', 'does not compare it', 'record!.digest !== (await digestOf(file))', 'false'],
  ['name', 'writes over the last', '++this.#last;', '(this.#last ||= 1);'],
  ['name', 'forgets what is there', 'this.#last = Math.max(record?.generation ?? 0, ...numbers);', ''],
  ['commit', 'does not wait', 'await this.#store.commit(writes);', 'void this.#store.commit(writes);'],
  ['commit', 'writes no record', 'this.#store.commit(writes)', 'this.#store.commit(writes.slice(0, 1))'],
  ['commit', 'writes the record apart, and first', 'await this.#store.commit(writes);',
    'await this.#store.commit(writes.slice(1));\n    await this.#store.commit(writes);'],
  ['confirm', 'is left out', 'await this.#confirm(writes);', ''],
  ['confirm', 'reads the record alone', 'of writes.entries()) {', 'of [...writes.entries()].slice(1)) {'],
  ['confirm', 'reads the state alone', 'of writes.entries()) {', 'of [...writes.entries()].slice(0, 1)) {'],
  ['confirm', 'does not look at the size', 'if (a.length !== b.length) return false;', '', 'stateFile'],
  ['confirm', 'looks at the size alone', 'if (differ(', 'if (false && differ(', 'stateFile'],
  ['confirm', 'comes after the report', 'await this.#generations.save(file)', '0', 'saveQueue'],
  ['prune', 'comes first', 'const writes = [',
    'for (const each of await this.#numbers()) await this.#remove(this.#path(each));\n    const writes = ['],
  ['prune', 'is left out', 'await this.#prune().catch(() => {});', ''],
  ['prune', 'keeps one too few', '.slice(-this.#keep)', '.slice(-this.#keep + 1 || -this.#keep)'],
  ['remove', 'fails where nothing is', "code !== 'NOT_FOUND') throw error;", 'code) throw error;'],
  ['clear', 'is left out', 'this.#request.deleteCheckpoint) await this.#generations.clear();', 'false);', 'backup'],
  ['clear', 'removes the record last', '[this.#recordPath, ...paths]', '[...paths, this.#recordPath]'],
  ['unlock', 'is left out', 'await this.#unlock();', ''],
]; // prettier-ignore

/** Behind the steps: whole properties of loading. */
const PROPERTIES = ['digest', 'orphans'];

/** The fast parts, and how much of each shows what is to be shown. */
const PARTS = [
  [faults, 1],
  [flips, 500],
  [schedules, 100],
];

/** The part that fails with these modules, and the first that it says; null if none does. */
async function firstRed(modules, seed) {
  for (const [part, count] of PARTS) {
    const said = [];
    try {
      const { failed } = await part.run(count, seed, (text) => said.push(text), modules);
      if (failed > 0) return { part, said: said[0] };
    } catch (error) {
      return { part, said: error.message };
    }
  }
  return null;
}

export const mutants = {
  name: 'mutants',
  ci: MUTANTS.length,
  campaign: MUTANTS.length,
  async run(count, seed, print) {
    const { STEPS } = await sources();
    const tried = MUTANTS.slice(0, count);
    const reds = new Map();
    const green = await firstRed(sources(), seed);
    if (green) print(`without a bug, ${green.part.name} fails: ${green.said}`);
    let failed = Number(green !== null);
    for (const [step, what, find, replace, file = 'generations'] of tried) {
      const red = await firstRed(await sourcesWith({ file, find, replace }), seed);
      if (!red) print(`${step} ${what}: nothing turns red`);
      if (!red) ++failed;
      else {
        print(`${step} ${what}: ${red.part.name}: ${red.said}`);
        reds.set(red.part.name, (reds.get(red.part.name) ?? 0) + 1);
      }
    }
    for (const step of [...STEPS, ...PROPERTIES]) {
      if (MUTANTS.some(([of]) => of === step)) continue;
      print(`no bug is seeded into '${step}'`);
      ++failed;
    }
    const by = [...reds].map(([name, red]) => `${red} by ${name}`).join(', ');
    print(`${tried.length} seeded bugs, ${tried.length - failed} found out: ${by}`);
    return { passed: tried.length - failed, failed };
  },
};

await runAlone(import.meta, mutants);
