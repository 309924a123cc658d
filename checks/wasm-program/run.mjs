// Runs the two builds of this program: `run.mjs <folder of the target directory>`.

import { readFile } from "node:fs/promises";
import { webcrypto } from "node:crypto";
import { WASI } from "node:wasi";

const target = process.argv[2];
const name = "oauth_proto_wasm_program.wasm";

// As in a browser: no operating system, so time and randomness come from JavaScript.
const browser = await WebAssembly.instantiate(
  await readFile(`${target}/wasm32-unknown-unknown/debug/${name}`),
  {},
);
const { entropy, make_url, url_length, memory } = browser.instance.exports;
webcrypto.getRandomValues(new Uint8Array(memory.buffer, entropy(), 32));
const start = make_url(Date.now());
const url = new URL(
  new TextDecoder().decode(new Uint8Array(memory.buffer, start, url_length())),
);
console.log(`wasm32-unknown-unknown: ${url}`);
for (const parameter of ["client_id", "state", "code_challenge"]) {
  if (!url.searchParams.get(parameter)) throw new Error(`no ${parameter}`);
}

const wasi = new WASI({ version: "preview1" });
const program = await WebAssembly.instantiate(
  await readFile(`${target}/wasm32-wasip1/debug/oauth-proto-wasm-program.wasm`),
  wasi.getImportObject(),
);
process.exitCode = wasi.start(program.instance);
