// Files of training state that are whole and hold what cannot be, or what a later version wrote.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { callbacks } from 'tabtrain';
import { makeRecord } from '../../web/api/state/commitRecord';
import { textWithCrc, withCrc } from '../../web/api/state/crc32c';
import { PLACE } from '../../web/api/state/savedRun';
import { decodeState, encodeState } from '../../web/api/state/stateFile';
import { expectFailure } from './support/errors';
import { disposeModels, smallModel, smallX, smallY, temporaryNames } from './support/models';

const newDir = temporaryNames();
afterEach(disposeModels);

const quiet = { verbose: 0, epochs: 3, batchSize: 32 } as const;
const NEWEST = 'state-00000003.tabtrain';

/** Three states, of the ends of three epochs. */
async function fill(): Promise<string> {
  const dir = newDir();
  let saved = 0;
  await smallModel(1).fit(smallX, smallY, {
    ...quiet,
    callbacks: [
      callbacks.backupAndRestore({ backupDir: dir, deleteCheckpoint: false }),
      {
        onProgress: ({ type }) => void (saved += Number(type === 'saved')),
        onEpochBegin: async (epoch) => {
          while (saved < epoch) await new Promise((done) => setTimeout(done, 1));
        },
      },
    ],
  });
  return dir;
}

const bytesOf = (dir: string) =>
  readdirSync(dir).map((name) => readFileSync(join(dir, name), 'hex'));
const goOn = (dir: string, events: object[] = []) =>
  smallModel(2).fit(smallX, smallY, {
    ...quiet,
    callbacks: [
      callbacks.backupAndRestore({ backupDir: dir }),
      { onProgress: (event) => void events.push(event) },
    ],
  });

type State = Record<string, Record<string, unknown>>;

/** Changes the newest state as if it had been saved so. */
async function change(dir: string, edit: (state: State) => void): Promise<void> {
  const contents = decodeState<State>(readFileSync(join(dir, NEWEST)));
  edit(contents.state);
  const file = await encodeState(contents);
  writeFileSync(join(dir, NEWEST), file);
  writeFileSync(join(dir, 'state.commit'), await makeRecord(3, file));
}

test('a place has what the engine writes', async () => {
  const dir = await fill();
  const { state } = decodeState<State>(readFileSync(join(dir, NEWEST)));
  expect(Object.keys(state['place']!).sort()).toEqual([...PLACE].sort());
});

test.each<[string, (state: State) => void, string]>([
  ['no place', (state) => delete state['place'], 'a place, came undefined'],
  ['a place without its epoch', (state) => delete state['place']!['epoch'], 'place.epoch'],
  ['half a batch', (state) => (state['place']!['batch'] = 0.5), 'place.batch, came 0.5'],
  ['a place within validation', (state) => (state['place']!['next'] = 3), 'place.next, came 3'],
  ['no setup', (state) => delete state['setup'], 'a setup'],
  ['a setup without data', (state) => delete state['setup']!['data'], 'setup.data'],
  ['no engine', (state) => delete state['engine'], 'an engine'],
  ['no time', (state) => delete state['time'], 'a time'],
  ['no rest', (state) => delete state['rest'], 'the rest'],
  ['a history that is none', (state) => (state['rest']!['history'] = 7), 'a history, came 7'],
  ['bytes that are not there', (state) => (state['rest']!['last'] = { $array: ['Int8Array', 9] }), NEWEST],
  ['no callbacks', (state) => delete state['rest']!['callbacks'], 'the states of callbacks'],
  ['a callback without a name', (state) => (state['rest']!['callbacks'] = [1]), '1 names of callbacks'],
  ['a pass of no count', (state) => ((state['rest']!['datasets'] as State)['passes'] = [['train', 'x', 1]] as never), 'a pass over a dataset'],
  ['no rows', (state) => delete (state['rest']!['datasets'] as State)['rows'], 'the rows of a batch'],
])('%s: the state before it is taken, and that is told', async (_, edit, says) => {
  const dir = await fill();
  await change(dir, edit);
  const warning: unknown = expect.stringContaining(says);
  const seen = await callbacks.backupAndRestore({ backupDir: dir }).interrupted();
  expect(seen!.warnings).toEqual([warning]);
  expect(seen!.warnings[0]).toContain(NEWEST);
  const events: object[] = [];
  await goOn(dir, events);
  expect(events).toContainEqual(expect.objectContaining({ type: 'resumed', warnings: [warning] }));
}); // prettier-ignore

/** A state file that says another format, its checksums right. */
async function laterState(dir: string): Promise<void> {
  const { crc32c } = await import('../../web/api/state/crc32c');
  const file = readFileSync(join(dir, NEWEST));
  file.writeUInt32LE(2, 8);
  const end = 20 + file.readUInt32LE(12);
  file.writeUInt32LE(crc32c(file.subarray(20, end), crc32c(file.subarray(0, 16))), 16);
  writeFileSync(join(dir, NEWEST), file);
}

function laterRecord(dir: string): void {
  const path = join(dir, 'state.commit');
  const record = JSON.parse(textWithCrc(readFileSync(path, 'utf8'))!) as object;
  writeFileSync(path, withCrc(JSON.stringify({ ...record, format: 2 })));
}

test.each<[string, (dir: string) => unknown, string]>([
  ['state', laterState, NEWEST],
  ['record', laterRecord, 'state.commit'],
  ['place', (dir) => change(dir, (state) => (state['place']!['lap'] = 1)), NEWEST],
])('a %s of a later version is refused, and nothing changes', async (_, edit, name) => {
  const dir = await fill();
  await edit(dir);
  const before = bytesOf(dir);
  const refused = { code: 'UNSUPPORTED', says: [join(dir, name), 'written by a later version'] };
  await expectFailure(() => goOn(dir), refused);
  await expectFailure(() => callbacks.backupAndRestore({ backupDir: dir }).interrupted(), refused);
  expect(bytesOf(dir)).toEqual(before);
});

test.each([
  ['that is no JSON', 'hello', 'it is no commit record'],
  ['of no number', JSON.stringify({ format: 1, generation: 'x', bytes: 1, digest: '' }), 'it names no generation'],
])('a record %s is told of, and the newest state taken', async (_, text, says) => {
  const dir = await fill();
  writeFileSync(join(dir, 'state.commit'), withCrc(text));
  const seen = await callbacks.backupAndRestore({ backupDir: dir }).interrupted();
  const warning: unknown = expect.stringMatching(new RegExp(`state\\.commit.*${says}`));
  expect(seen).toMatchObject({ epoch: 2, warnings: [warning] });
}); // prettier-ignore
