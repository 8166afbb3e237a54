// A hook for Node's loader: the HDF5 library takes its WebAssembly out of its text once, not once for each file, which is a
// third of what an input takes. What is fuzzed stays as it is shipped.
const decode = /function (\w+)\((\w+)\)\{(?=for\(var \w+=0,\w+=\2\.length,\w+=new Uint8Array)/;

export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context);
  if (!url.endsWith('/dist/hdf5.js')) return loaded;
  const source = String(loaded.source);
  if (!decode.test(source)) throw new Error(`${url}: there is no function that decodes the library's WebAssembly`); // prettier-ignore
  const once = source.replace(decode, (_, name, text) => `function ${name}(text){return globalThis.hdf5Library??=decode(text)}function decode(${text}){`); // prettier-ignore
  return { ...loaded, source: once };
}
