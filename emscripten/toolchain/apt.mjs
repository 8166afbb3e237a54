// A private apt: packages of another suite, signatures checked, without root and without touching the system's state.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { osRelease, run, say, SetupError } from './host.mjs';

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** The mirror that the machine's own apt uses for its own release. */
function mirror() {
  const { VERSION_CODENAME: codename } = osRelease();
  const format = ['indextargets', '--format', '$(RELEASE) $(REPO_URI)', 'Created-By: Packages'];
  const targets = run('apt-get', format)
    .split('\n')
    .map((line) => line.split(' '));
  const own = targets.find(([release]) => release === codename || release === 'stable');
  if (!own) throw new SetupError(`apt knows no package source for ${codename}.`);
  return own[1];
}

/** One private apt state in `directory` for `suite`. */
export class PrivateApt {
  #directory;
  #env;

  constructor(directory, suite) {
    this.#directory = directory;
    for (const sub of ['empty', 'lists/partial', 'cache/archives/partial', 'debs']) {
      mkdirSync(join(directory, sub), { recursive: true });
    }
    const file = (name, text) => {
      writeFileSync(join(directory, name), text);
      return join(directory, name);
    };
    const settings = {
      'Dir::Etc::sourcelist': file(
        'sources.list',
        `deb [signed-by=${keyring}] ${mirror()} ${suite} main\n`,
      ),
      'Dir::Etc::sourceparts': join(directory, 'empty'),
      'Dir::Etc::preferences': file('preferences', ''),
      'Dir::Etc::preferencesparts': join(directory, 'empty'),
      'Dir::State::lists': join(directory, 'lists'),
      'Dir::State::status': file('status', ''),
      'Dir::Cache': join(directory, 'cache'),
      'APT::Install-Recommends': 'false',
      'APT::Sandbox::User': '',
      'Acquire::Languages': 'none',
      'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled': 'false',
      'Acquire::Retries': '3',
    };
    const lines = Object.entries(settings).map(([key, value]) => `${key} "${value}";\n`);
    this.#env = { ...process.env, APT_CONFIG: file('apt.conf', lines.join('')) };
    run('apt-get', ['-qq', 'update'], { env: this.#env });
  }

  /**
   * Of each pinned package the pinned version, or where that is gone the newest, with a line that says so. When a whole
   * package is gone (LLVM's names carry their version), `resolve` names the packages to take instead.
   */
  select(pins, resolve) {
    const available = this.#versions(pins.map(({ name }) => name));
    const lost = pins.filter(({ name }) => !available.has(name)).map(({ name }) => name);
    if (lost.length > 0) {
      say(
        `${lost.join(', ')} gone from the suite, taking the newest of everything: run the tests and renew the pins`,
      );
      return this.newest(resolve());
    }
    return pins.map((pin) => {
      const versions = available.get(pin.name);
      if (versions.includes(pin.version)) return pin;
      say(
        `${pin.name} ${pin.version} is gone, taking ${versions[0]}: run the tests and renew the pins`,
      );
      return { name: pin.name, version: versions[0] };
    });
  }

  /** The newest version of each package, as {name, version}. */
  newest(names) {
    const available = this.#versions(names);
    return names.map((name) => {
      if (!available.has(name)) throw new SetupError(`the suite has no package ${name}.`);
      return { name, version: available.get(name)[0] };
    });
  }

  /**
   * Downloads packages {name, version, sha256?} and adds `sha256` and `file`. apt checks each against the signed index;
   * a given `sha256` is checked as well.
   */
  download(packages) {
    const directory = join(this.#directory, 'debs');
    const names = packages.map(({ name, version }) => `${name}=${version}`);
    run('apt-get', ['-qq', 'download', ...names], { cwd: directory, env: this.#env });
    const files = readdirSync(directory);
    return packages.map(({ name, version, sha256: expected }) => {
      const encoded = version.replaceAll(':', '%3a');
      const file = files.find((entry) => entry.startsWith(`${name}_${encoded}_`));
      if (!file) throw new SetupError(`apt reported success, but ${name} ${version} is not there.`);
      const path = join(directory, file);
      const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
      if (expected && expected !== sha256) {
        throw new SetupError(
          `${name} ${version} has SHA-256 ${sha256}, but ${expected} is pinned.`,
        );
      }
      return { name, version, sha256, file: path };
    });
  }

  /** Versions that the suite offers, newest first, by package name. */
  #versions(names) {
    const found = new Map();
    const rows = run('apt-cache', ['madison', ...names], { env: this.#env }).split('\n');
    for (const row of rows) {
      const [name, version] = row.split('|').map((cell) => cell.trim());
      if (version) found.set(name, [...(found.get(name) ?? []), version]);
    }
    return found;
  }

  /** Names of `roots` and all that they depend on, except what matches `leaveOut`. */
  closure(roots, leaveOut) {
    const names = new Set();
    let pending = roots;
    while (pending.length > 0) {
      pending.forEach((name) => names.add(name));
      const rows = run('apt-cache', ['depends', '--important', ...pending], { env: this.#env });
      const direct = [...rows.matchAll(/^ {2}(?:Pre)?Depends: ([^<\s]+)$/gm)].map(
        (match) => match[1],
      );
      pending = [...new Set(direct)].filter((name) => !names.has(name) && !leaveOut.test(name));
    }
    return [...names].sort();
  }
}
