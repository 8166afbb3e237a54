// Chromium killed in the middle of writing its own log of IndexedDB: a run that is taken up afterwards, killed
// again and taken up once more still has what was reported saved. Such a kill is rare, so the log is torn here.
import { appendFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ensureTools } from '../../emscripten/toolchain/host.mjs';
import { startChromium } from '../chromium.mjs';
import { removeDirectory } from '../processes.mjs';
import { Victim, begin, newProfile, openServer, until } from './lab.mjs';
import { runAlone } from './part.mjs';
import { sources } from './sources.mjs';

/** LevelDB's log (doc/log_format.md): blocks of records, each a checksum, a length, a type and the bytes. */
const BLOCK = 32_768;
const HEADER = 7;
const FIRST = 2;

const { crc32c } = await sources();

/** A record's first part, up to the end of its block; the rest was not written any more. */
function tornRecord(room) {
  const record = Buffer.alloc(room);
  record[6] = FIRST;
  const crc = crc32c(record.subarray(6));
  record.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0, 0);
  record.writeUInt16LE(room - HEADER, 4);
  return record;
}

function tear(profile) {
  const all = join(profile, 'Default/IndexedDB');
  const database = join(all, readdirSync(all).find((name) => name.endsWith('.leveldb'))); // prettier-ignore
  const log = join(database, readdirSync(database).filter((name) => name.endsWith('.log')).sort().at(-1)); // prettier-ignore
  const room = BLOCK - (statSync(log).size % BLOCK);
  // What has no room for a header is left empty.
  appendFileSync(log, room > HEADER ? tornRecord(room) : Buffer.alloc(room));
  if (room <= HEADER) appendFileSync(log, tornRecord(BLOCK));
}

async function tryOnce(seed, url, hearing) {
  const profile = newProfile();
  const options = { seed, saveSeconds: 0.05, pauseMs: 5, epochs: 6 };
  const session = async (task) => {
    const browser = await startChromium(profile);
    try {
      await browser.connect();
      await task(await browser.open(url));
    } finally {
      await browser.kill();
    }
  };
  try {
    const quiet = hearing(new Victim());
    await session(async (page) => {
      await begin(page, { ...options, pauseMs: 0, backupDir: 'undisturbed' });
      await until(() => quiet.ended !== null);
    });
    const victim = hearing(new Victim());
    const isSavedAfter = (resumes) => victim.resumes === resumes && victim.last?.type === 'saved';
    for (const resumes of [0, 1]) {
      await session(async (page) => {
        await begin(page, options);
        if (!(await until(() => isSavedAfter(resumes)))) victim.problems.push('nothing was saved');
      });
      if (resumes === 0) tear(profile);
    }
    await session(async (page) => {
      await begin(page, { ...options, pauseMs: 0 });
      if (!(await until(() => victim.ended !== null))) victim.problems.push('the run did not end');
    });
    if (victim.ended?.hash !== quiet.ended?.hash) victim.problems.push('the bits differ');
    return victim.problems;
  } finally {
    removeDirectory(profile);
  }
}

export const tornLog = {
  name: 'torn log',
  ci: 1,
  campaign: 20,
  async run(count, seed, print) {
    ensureTools('chromium');
    let victim = new Victim();
    const { server, url } = await openServer((report) => victim.hear(report));
    let failed = 0;
    try {
      for (let i = 0; i < count; ++i) {
        const problems = await tryOnce(seed + i, url, (other) => (victim = other));
        failed += Number(problems.length > 0);
        for (const problem of problems) print(`--seed ${seed + i}: ${problem}`);
      }
    } finally {
      server.close();
      server.closeAllConnections();
    }
    print(`${count - failed} torn logs left behind in time, ${failed} not`);
    return { passed: count - failed, failed };
  },
};

await runAlone(import.meta, tornLog);
