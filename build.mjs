// The front-end build: bundles static/js and static/css into static/dist with a content hash in each name,
// writes dist/manifest.json (source name → served name) and a .br and .gz beside each file.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

// Built aside and moved into its place in one step: nobody meets half a build.
const served = "static/dist";
const out = `static/.dist-${process.pid}`;
const files = (dir, ending) =>
  existsSync(dir)
    ? readdirSync(dir, { recursive: true }).map((name) => join(dir, name)).filter((name) => name.endsWith(ending)).sort()
    : [];

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const manifest = {};

const common = {
  bundle: true,
  minify: true,
  write: true,
  metafile: true,
  outdir: out,
  entryNames: "[dir]/[name]-[hash]",
  target: ["es2022", "chrome105", "firefox110", "safari16"],
  legalComments: "linked",
  logLevel: "warning",
};

function note(result, base) {
  for (const [file, info] of Object.entries(result.metafile.outputs)) {
    if (info.entryPoint) manifest[relative(base, info.entryPoint).replace(".entry.", ".")] = relative(out, file);
  }
}

// A page loads one script of its room; a worker is an entry of its own.
const scripts = [...files("static/js", ".entry.js"), ...files("static/js", ".worker.js")];
if (scripts.length) {
  note(await build({ ...common, entryPoints: scripts, outbase: "static/js", format: "esm" }), "static/js");
}
const styles = ["static/css/app.css", ...files("static/css", ".entry.css")].filter((name) => existsSync(name));
if (styles.length) {
  note(await build({ ...common, entryPoints: styles, outbase: "static/css" }), "static/css");
}

function copy(source, target) {
  const bytes = readFileSync(source);
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 8).toUpperCase();
  const dot = target.lastIndexOf(".");
  const name = `${target.slice(0, dot)}-${hash}${target.slice(dot)}`;
  mkdirSync(dirname(join(out, name)), { recursive: true });
  writeFileSync(join(out, name), bytes);
  manifest[target] = name;
}
// The decoder's wasm comes from us: the package would ask a CDN for it.
copy("node_modules/zxing-wasm/dist/reader/zxing_reader.wasm", "scan/zxing_reader.wasm");
for (const icon of readdirSync("static/icons").filter((name) => /\.(svg|png)$/.test(name)).sort()) {
  copy(join("static/icons", icon), `icons/${basename(icon)}`);
}

// The service worker keeps its name: its scope is the site. The server tells it the release that it is of.
if (existsSync("static/js/web/sw.js")) {
  await build({ ...common, entryPoints: ["static/js/web/sw.js"], entryNames: "sw", format: "iife" });
}

for (const file of files(out, "").filter((name) => statSync(name).isFile())) {
  if (!/\.(js|css|svg|wasm)$/.test(file)) continue;
  const bytes = readFileSync(file);
  if (bytes.length < 300) continue;
  writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
  writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
}
writeFileSync(join(out, "manifest.json"), `${JSON.stringify(manifest, null, 1)}\n`);

if (existsSync(served)) renameSync(served, `${out}-old`);
renameSync(out, served);
rmSync(`${out}-old`, { recursive: true, force: true });
