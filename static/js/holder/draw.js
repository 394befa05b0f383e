/** Drawing a code as one SVG path, black on white with a border of 4 modules, whole device pixels a module. */

import { correction, generate } from "lean-qr";

const BORDER = 4;
const SVG = "http://www.w3.org/2000/svg";

/** Put the symbol of `text` into `stage`. @param {HTMLElement} stage @param {string} text */
export function draw(stage, text) {
  const symbol = generate(text, { minCorrectionLevel: correction.M, maxCorrectionLevel: correction.M });
  const size = symbol.size + 2 * BORDER;
  let path = "";
  for (let y = 0; y < symbol.size; y++) {
    for (let x = 0; x < symbol.size; x++) {
      if (!symbol.get(x, y)) continue;
      const from = x;
      while (symbol.get(x + 1, y)) x++;
      path += `M${from + BORDER} ${y + BORDER}h${x - from + 1}v1h-${x - from + 1}z`;
    }
  }
  const svg = element("svg", { viewBox: `0 0 ${size} ${size}`, class: "qr", "shape-rendering": "crispEdges" });
  svg.append(
    element("rect", { width: size, height: size, fill: "#fff" }),
    element("path", { d: path, fill: "#000" }),
  );
  snap(stage, size);
  stage.replaceChildren(svg);
}

/** Modules that differ by a pixel cost reading distance: use the largest width that is whole pixels a module. */
export function snap(stage, modules) {
  const ratio = window.devicePixelRatio || 1;
  const pixels = Math.floor((stage.clientWidth * ratio) / modules);
  stage.style.setProperty("--code-size", pixels > 0 ? `${(pixels * modules) / ratio}px` : "100%");
}

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
