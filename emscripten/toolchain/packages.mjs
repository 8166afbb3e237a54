// Which Debian packages the private toolchain consists of.
import { readFileSync } from 'node:fs';

export const suite = 'forky';
export const toolchainRoots = ['emscripten', 'patchelf'];
export const headerPackages = ['libeigen3-dev', 'libprotozero-dev'];

// Dependencies that are not taken. The machine has Node and Python; the C library headers and GCC's runtime are for
// native programs; the rest serves LLVM tools that Emscripten does not call.
export const leaveOut = new RegExp(
  '^(nodejs|python3|ccache|binutils|libc6-dev|gcc-.*|lib(gcc|stdc\\+\\+|objc)-\\d+-dev|libcurl.*|libpfm4|libclang1-.*' +
    '|llvm-.*-(linker-tools|runtime)|libc-gconv.*|debconf.*)$',
);

/** {suite, toolchain: Package[], headers: Package[]} with Package = {name, version, sha256}. */
export function readPins() {
  return JSON.parse(pinText());
}

export function pinText() {
  return readFileSync(new URL('pins.json', import.meta.url), 'utf8');
}
