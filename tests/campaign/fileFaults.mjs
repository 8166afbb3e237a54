// Every operation of the file system goes wrong once, in each way there is, while sets of files are written
// over each other, put in the place of a directory and removed: afterwards one whole set is there, never a
// mix, and nothing else. And processes are killed meanwhile.
import { spawn } from 'node:child_process';
import * as promises from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { random } from './configurations.mjs';

/** The ways in which an operation goes wrong; after those that kill, nothing of the process happens any more. */
const WAYS = [
  { name: 'fails', codes: ['EIO', 'ENOSPC'] },
  { name: 'is short', part: true, only: ['write', 'read'] },
  {
    name: 'is lost',
    lost: true,
    only: ['mkdir', 'rename', 'rm', 'rmdir', 'unlink', 'write', 'sync'],
  },
  { name: 'dies before', kills: true },
  { name: 'dies in the middle', kills: true, part: true, does: true, only: ['write'] },
  { name: 'hangs', kills: true, does: true, hangs: true },
];

/** Node's file system, whose operation number `at` goes wrong in this way. */
function faultyFs(at, way = {}) {
  let dead = false;
  let die;
  const state = { names: [], died: new Promise((resolve) => (die = resolve)) };
  const open = new Set();
  const never = () => new Promise(() => {});

  async function act(name, task, half) {
    if (dead) return never();
    if (state.names.push(name) !== at) return task();
    const { codes, kills, does, part, lost } = way;
    if (codes) {
      const code = codes[at % codes.length];
      throw Object.assign(new Error(`${code}: injected into ${name}`), { code });
    }
    if (lost) return name === 'write' ? { bytesWritten: half.length } : undefined;
    if (kills) {
      // What it does still counts; nobody hears of it.
      if (does) await (part ? half.do() : task()).catch(() => {});
      dead = true;
      die();
      return never();
    }
    return half.do();
  }

  const moved = (handle, name) => (bytes, offset, length, position) => {
    const shorter = Math.max(1, length >> 1);
    return act(name, () => handle[name](bytes, offset, length, position), {
      length,
      do: () => handle[name](bytes, offset, shorter, position),
    });
  };
  const fs = {};
  for (const name of ['lstat', 'mkdir', 'readdir', 'realpath', 'rename', 'rm', 'rmdir', 'stat', 'statfs', 'unlink']) {
    fs[name] = (...given) => act(name, () => promises[name](...given));
  } // prettier-ignore
  fs.open = (...given) =>
    act('open', async () => {
      const handle = await promises.open(...given);
      open.add(handle);
      return {
        write: moved(handle, 'write'),
        read: moved(handle, 'read'),
        stat: (...options) => act('stat', () => handle.stat(...options)),
        // Nobody cuts the power here: it would only take time.
        sync: () => act('sync', async () => {}),
        close: () => act('close', () => (open.delete(handle), handle.close())),
      };
    });
  const close = async () => {
    for (const handle of open) await handle.close();
  };
  return { fs, state, close };
}

/** Files of this size; a set is told by its first byte. */
function setOf(dir, mark, names, size) {
  return names.map((name, i) => ({
    path: join(dir, name),
    bytes: new Uint8Array(1 + i * size).fill(mark),
  }));
}

/** The names of the sets, and all paths that one of them has. */
const SETS = [
  ['cp.data', 'cp.index', 'checkpoint'],
  ['cp.data', 'cp.index', 'checkpoint'],
  ['variables/data', 'variables/index', 'checkpoint', 'model'],
  ['cp.data', 'cp.index', 'variables'],
];
const PATHS = [...new Set(SETS.flat()), 'cp.data/part'];

/** The number of the step that removes all. */
const REMOVAL = 4;

/** What is done, one after the other; and what is there after each step, the first before any. */
function stepsIn(dir, size) {
  const sets = SETS.map((names, i) => setOf(dir, i + 1, names, size));
  const options = { replaceDirectory: dir };
  const steps = [
    (backend) => backend.commit(sets[0]),
    (backend) => backend.commit(sets[1]),
    (backend) => backend.commit(sets[2], options),
    (backend) => backend.commit(sets[3], options),
    (backend) => backend.remove(dir),
    (backend) => backend.commit(sets[0].slice(0, 1)),
    (backend) => backend.commit(sets[1].slice(0, 1)),
  ];
  const states = [[], ...sets, [], sets[0].slice(0, 1), sets[1].slice(0, 1)].map((files) =>
    describe(dir, new Map(files.map(({ path, bytes }) => [path, bytes]))),
  );
  return { steps, states };
}

/** A text that tells a set of files from any other; '-' where there is none. */
function describe(dir, files) {
  return PATHS.map((name) => {
    const bytes = files.get(join(dir, name));
    return bytes ? `${name}:${bytes.length}x${[...new Set(bytes)].join('+')}` : '-';
  }).join(' ');
}

async function seen(backend, dir, together) {
  const paths = PATHS.map((name) => join(dir, name));
  const files = [];
  if (together) files.push(...(await backend.readAll(paths)));
  else for (const path of paths) files.push(...(await backend.readAll([path])));
  return describe(dir, new Map(paths.map((path, i) => [path, files[i]])));
}

/** One scenario: what was wrong; without a way of going wrong, the names of the operations. */
async function scenario(modules, dir, { size, count }, at, way) {
  const { NodeBackend, TabtrainError } = modules;
  const alive = new Set(['victim', 'other']);
  const processes = (name) => ({
    own: async () => name,
    isAlive: async (owner) => alive.has(owner.split('.')[0]),
  });
  const { fs, state, close } = faultyFs(at, way);
  const victim = new NodeBackend({ fs, processes: processes('victim') });
  const { fs: quick } = faultyFs(Infinity);
  const other = new NodeBackend({ fs: quick, processes: processes('other') });
  const { steps: all, states } = stepsIn(dir, size);
  const steps = all.slice(0, count);
  const wrong = [];
  await promises.mkdir(join(dir, '..'), { recursive: true });
  let confirmed = 0;
  let hitIn = null;
  const check = (text, when) => {
    if (!states.slice(confirmed).includes(text)) {
      wrong.push(`${when}: ${text} after step ${confirmed}`);
    }
  };
  const work = async () => {
    for (const [i, step] of steps.entries()) {
      // One more step than the one that went wrong, since that must go well.
      if (hitIn !== null && hitIn < i - 1) return;
      try {
        await step(victim);
        confirmed = i + 1;
      } catch (error) {
        if (!(error instanceof TabtrainError)) throw error;
        if (!['QUOTA_EXCEEDED', 'STORAGE_UNAVAILABLE'].includes(error.code)) throw error;
        check(await seen(other, dir, true), `step ${i + 1} failed (${error.message})`);
        if (hitIn !== null) wrong.push(`step ${i + 1} failed after the fault: ${error.message}`);
        // What comes next would not be one of the states.
        if (i === REMOVAL) return;
      }
      if (hitIn === null && state.names.length >= at) hitIn = i;
    }
  };
  try {
    await Promise.race([work(), state.died]);
    if (way.name === undefined) return { names: state.names };
    if (state.names.length < at) wrong.push('the fault was not reached');
    if (way.hangs) {
      // The process is there still: others are told so, or read what is whole.
      const patient = new NodeBackend({ fs: quick, processes: processes('other'), waitMs: 15 });
      const text = await seen(patient, dir, true).catch(({ code }) => code);
      if (text !== 'LOCKED') check(text, 'while it hangs');
    }
    alive.delete('victim');
    const text = await seen(other, dir, at % 2 === 0);
    check(text, 'afterwards');
    // Whoever opens the directory next clears what is left, and can write.
    await other.list(join(dir, '..'));
    const inside = await promises.readdir(join(dir, '..'), {
      recursive: true,
      withFileTypes: true,
    });
    const names = inside.filter((entry) => entry.isFile() || entry.name === '.tabtrain');
    const expected = text.split(' ').filter((each) => each !== '-').length;
    if (names.length !== expected) {
      wrong.push(`${names.map(({ name }) => name)} are there, ${expected} belong there`);
    }
    await all[2](other);
    if ((await seen(other, dir, true)) !== states[3]) wrong.push('it cannot be written');
  } catch (error) {
    wrong.push(String(error));
  } finally {
    await close();
    await promises.rm(dir, { recursive: true, force: true });
  }
  return { wrong };
}

/**
 * Counts of pairs of an operation and a fault, in the first `count` steps on files of about `size` bytes;
 * `print` is told of each pair that was not survived.
 */
export async function sweepFiles(modules, directory, options, print) {
  const { names } = await scenario(modules, join(directory, 'none', 'run'), options, Infinity, {});
  let passed = 0;
  let failed = 0;
  for (const way of WAYS) {
    for (const [i, name] of names.entries()) {
      if (way.only && !way.only.includes(name)) continue;
      const top = join(directory, `${way.name.replaceAll(' ', '-')}-${i + 1}`);
      const { wrong } = await scenario(modules, join(top, 'run'), options, i + 1, way);
      for (const each of wrong) print(`operation ${i + 1}, ${name} ${way.name}: ${each}`);
      if (wrong.length > 0) ++failed;
      else ++passed;
      await promises.rm(top, { recursive: true, force: true });
    }
  }
  return { passed, failed, steps: options.count };
}

const CHILD = `
  const [program, dir, size] = process.argv.slice(1);
  const { storage } = await import(program);
  const first = (await storage.list(dir)).length > 0 ? (await storage.read(dir + '/cp.data'))[0] : 0;
  for (let i = first + 1; ; ++i) {
    const bytes = new Uint8Array(Number(size)).fill(i);
    await storage.import({ 'cp.data': bytes, 'cp.index': bytes, checkpoint: bytes }, dir);
    process.stdout.write(String.fromCharCode(i % 256));
  }`;

/** Kills a process that commits three files again and again; counts what was whole afterwards. */
export async function killCommits({ NodeBackend }, program, dir, { kills, size, seed }, print) {
  const r = random(seed);
  let passed = 0;
  let inTheMiddle = 0;
  for (let i = 0; i < kills; ++i) {
    const child = spawn(
      process.execPath,
      ['--input-type=module', '-e', CHILD, program, dir, size],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let last = null;
    const begun = new Promise((resolve) =>
      child.stdout.on('data', (data) => resolve((last = data.at(-1)))),
    );
    const ended = new Promise((resolve) => child.once('close', resolve));
    await Promise.race([begun, ended]);
    await sleep(r.next() * 60);
    child.kill('SIGKILL');
    await ended;
    const left = await promises.readdir(join(dir, '.tabtrain')).catch(() => []);
    inTheMiddle += Number(left.length > 0);
    const backend = new NodeBackend();
    const files = await backend.readAll(SETS[0].map((name) => join(dir, name)));
    const marks = new Set(files.flatMap((bytes) => [...new Set(bytes ?? [-1])]));
    const [mark] = marks;
    const names = (await backend.list(dir)).map(({ path }) => path);
    const inside = await promises.readdir(dir);
    const isRight =
      last !== null && marks.size === 1 && (mark === last || mark === (last + 1) % 256) &&
      names.length === 3 && inside.length === 3; // prettier-ignore
    if (isRight) ++passed;
    else print(`kill ${i + 1}: ${[...marks]} in ${inside}, ${last} was committed; left: ${left}`);
  }
  return { passed, failed: kills - passed, inTheMiddle };
}
