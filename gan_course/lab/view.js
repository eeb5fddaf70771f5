// The lab's one view: two exhibits, "the objective" and "the game in 2-D".
//
// In JupyterLab an anywidget calls `render`, and the game trains in the kernel. Where there is no kernel, a page holds
// this same text and calls `revive` with a recorded game. There is nothing to build and nothing to fetch.

export default {
  render({ model, el }) {
    const view = mount(el, model.get("css"), model.get("start"), kernelOf(model));
    return () => view.close();
  },
};

async function revive(figure, css, start, recorded) {
  const frames = recorded && (await unzip(recorded));
  const place = document.createElement("div");
  figure.prepend(place);
  mount(place, css, start, null, frames);
}

async function unzip(text) {
  const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

// What the exhibits need of a kernel: values that both sides know, and messages with bytes.
function kernelOf(model) {
  return {
    get: name => model.get(name),
    set(name, value) {
      model.set(name, value);
      model.save_changes();
    },
    send(message) {
      try {
        model.send(message);
        return true;
      } catch { // "Cannot send": the kernel was restarted or shut down
        return false;
      }
    },
    listen(event, callback) {
      model.on(event, callback);
      return () => model.off(event, callback);
    },
  };
}

function mount(place, css, start, kernel, frames) {
  const host = make("div");
  // JupyterLab takes keys for its cells unless the element with the focus asks it not to; slides turn at arrow keys.
  // Page Up and Page Down stay the page's: a presenter has these two.
  host.dataset.lmSuppressShortcuts = "true";
  host.addEventListener("keydown", event => {
    if (event.key !== "Escape" && !event.key.startsWith("Page") && !event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
  });
  place.append(host);
  const root = make("section", { class: "lab", "aria-label": start.title });
  root.classList.toggle("hall", Boolean(place.closest(".reveal"))); // in slides: larger letters, fewer of them
  host.attachShadow({ mode: "open" }).append(make("style", {}, css), root);
  const exhibit = (start.exhibit === "game" ? game : objective)(root, start, kernel, frames);

  // The page's colours decide between light and dark, whoever chose them; a canvas has to be told.
  function dress() {
    const [r, g, b] = (getComputedStyle(root).backgroundColor.match(/[\d.]+/g) || [255, 255, 255]).map(Number);
    root.classList.toggle("dark", 0.3 * r + 0.6 * g + 0.1 * b < 110);
    exhibit.draw();
  }
  const attributes = new MutationObserver(() => requestAnimationFrame(dress));
  for (const element of [document.documentElement, document.body])
    attributes.observe(element, { attributes: true, attributeFilter: ["data-theme", "data-jp-theme-light", "class"] });
  const preference = matchMedia("(prefers-color-scheme: dark)");
  preference.addEventListener("change", dress);
  let wide = 0;
  const size = new ResizeObserver(() => {
    if (root.clientWidth !== wide) dress();
    wide = root.clientWidth;
  });
  size.observe(root);
  dress();
  return {
    close() {
      attributes.disconnect();
      size.disconnect();
      preference.removeEventListener("change", dress);
      exhibit.close();
    },
  };
}

// -- small tools ------------------------------------------------------------------------------------------------------

function make(tag, attributes = {}, ...children) {
  const svg = ["svg", "path", "line", "circle", "text", "g"].includes(tag);
  const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const named = (name, control) => make("label", {}, name, control);

function choice(options, onchange) {
  const items = Object.entries(options).map(([value, label]) => make("option", { value }, label));
  return make("select", { onchange }, ...items);
}

function number(value, digits = 3) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size < 1e-12) return (0).toFixed(digits); // rounding errors
  if (size < 0.001 || size >= 10000) return minus(value.toExponential(1));
  return minus(value.toFixed(digits));
}

const minus = text => text.replaceAll("-", "−");
const whole = value => Math.round(value).toLocaleString("en");
const played = frame => `${whole(frame.d_updates)} update${frame.d_updates === 1 ? "" : "s"} of D, ${whole(frame.g_updates)} of G`;

// -- the objective ----------------------------------------------------------------------------------------------------

const Z = Array.from({ length: 3201 }, (_, i) => -8 + i / 200);
const WEIGHTS = Z.map(z => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI) / 200);
const softplus = t => Math.max(t, 0) + Math.log1p(Math.exp(-Math.abs(t)));
const sigmoid = t => 1 / (1 + Math.exp(-t));
const normal = (x, mean, std) => Math.exp(-(((x - mean) / std) ** 2) / 2) / (std * Math.sqrt(2 * Math.PI));

// The logit of D*: log p_data(x) - log p_g(x).
const bestLogit = (data, mean, std) => x =>
  ((x - mean) / std) ** 2 / 2 - ((x - data.mean) / data.std) ** 2 / 2 + Math.log(std / data.std);

// Everything that lesson 01 derives, for normal p_data and p_g, with D* held fixed in the gradients.
function numbers(data, mean, std) {
  const logit = bestLogit(data, mean, std);
  const slope = x => (x - mean) / std ** 2 - (x - data.mean) / data.std ** 2;
  let real = 0, minimax = 0, nonSaturating = 0;
  const down = { minimax: [0, 0], nonSaturating: [0, 0] };
  Z.forEach((z, i) => {
    const x = mean + std * z, l = logit(x), w = WEIGHTS[i];
    real -= w * softplus(-logit(data.mean + data.std * z));
    minimax -= w * softplus(l);
    nonSaturating += w * softplus(-l);
    const steep = [-sigmoid(l) * slope(x) * w, -sigmoid(-l) * slope(x) * w];
    down.minimax[0] += steep[0];
    down.minimax[1] += steep[0] * z;
    down.nonSaturating[0] += steep[1];
    down.nonSaturating[1] += steep[1] * z;
  });
  const value = real + minimax;
  return {
    V: value,
    JSD: Math.max(0, (value + Math.log(4)) / 2),
    minimax,
    "minimax-mean": down.minimax[0],
    "minimax-std": down.minimax[1],
    "non-saturating": nonSaturating,
    "non-saturating-mean": down.nonSaturating[0],
    "non-saturating-std": down.nonSaturating[1],
  };
}

function objective(root, start, kernel) {
  const { data, range } = start;
  const now = { mean: kernel ? kernel.get("mean") : start.mean, std: kernel ? kernel.get("std") : start.std };
  const WIDE = 480, HIGH = 240, LOW = 140, LEFT = 74, REACH = 6;
  const across = x => LEFT + ((x + REACH) / (2 * REACH)) * (WIDE - LEFT - 8);
  const outputs = {}, sliders = {};

  // Both plots share the x axis: densities above, D* below.
  const lines = {};
  const line = (name, color, dash) =>
    (lines[name] = make("path", { fill: "none", style: `stroke:var(--${color})`, "stroke-width": 2.5, "stroke-dasharray": dash }));
  const axis = y => make("line", { x1: LEFT, x2: WIDE - 8, y1: y, y2: y, style: "stroke:var(--line)" });
  const label = (x, y, text, anchor = "middle", color = "ink") =>
    make("text", { x, y, "text-anchor": anchor, style: `fill:var(--${color})` }, text);
  const ticks = y => [-6, -4, -2, 0, 2, 4, 6].map(x => label(across(x), y, minus(String(x))));
  const pulls = ["minimax", "non-saturating"].map((name, i) => {
    const arrow = make("path", { fill: "none", style: "stroke:var(--ink)", "stroke-width": 2.5 });
    return { name, arrow, y: HIGH + 16 + 20 * i };
  });
  const handles = ["mean", "std"].map(name => make("circle", { class: "handle", r: 9, style: "fill:var(--fake);stroke:var(--back)", "stroke-width": 2 }));
  const dataName = label(0, 0, "p_data", "start", "real"), fakeName = label(0, 0, "p_g", "start", "fake");
  const densities = make("svg", { viewBox: `0 0 ${WIDE} ${HIGH + 68}`, role: "img" },
    axis(HIGH - 16), line("data", "real"), line("fake", "fake", "8 4"), dataName, fakeName, ...ticks(HIGH),
    ...pulls.flatMap(pull => [pull.arrow, label(4, pull.y + 4, pull.name === "minimax" ? "log(1−D*)" : "−log D*", "start")]),
    label(WIDE - 8, HIGH + 62, "where each loss pulls the mean of p_g", "end"), ...handles);
  const best = make("svg", { viewBox: `0 0 ${WIDE} ${LOW}`, role: "img" },
    axis(LOW - 18), make("line", { x1: LEFT, x2: WIDE - 8, y1: LOW / 2, y2: LOW / 2, style: "stroke:var(--line)", "stroke-dasharray": "2 4" }),
    line("best", "third"), ...ticks(LOW - 1),
    label(LEFT - 4, LOW - 15, "0", "end"), label(LEFT - 4, LOW / 2 + 4, "½", "end"), label(LEFT - 4, 20, "1", "end"),
    label(LEFT + 6, 14, "D*(x), the probability of “real”", "start"));

  // Sliders for the keyboard; the two handles in the plot do the same.
  const slider = (name, text) => {
    const input = make("input", { type: "range", id: name, ...range[name], oninput: () => move(name, Number(input.value)), onchange: say });
    sliders[name] = input;
    outputs[name] = make("span", { class: "value" });
    return make("div", { class: "slider" }, make("label", { for: name }, text), input, outputs[name]);
  };
  const jump = (text, mean, std) =>
    make("button", { type: "button", onclick: () => { move("mean", mean); move("std", std); say(); } }, text);
  const status = make("p", { class: "status", role: "status" });
  const cell = name => make("td", {}, (outputs[name] = make("span", { "data-name": name })));
  const head = (...texts) => make("tr", {}, ...texts.map(text => make("th", { scope: "col" }, text)));
  const row = (text, ...cells) => make("tr", {}, make("th", { scope: "row" }, text), ...cells);
  const fixed = text => make("td", {}, text);
  root.append(
    make("div", { class: "panels" },
      make("div", {}, densities, best),
      make("div", {},
        slider("mean", "mean of p_g"), slider("std", "width of p_g (std)"),
        make("div", { class: "row" }, jump("Start", start.mean, start.std), jump("Far away", -4, 0.5), jump("On the data", data.mean, data.std)),
        make("table", {}, make("caption", {}, "With the best D"),
          make("thead", {}, head("", "value", "equal", "apart")),
          make("tbody", {}, row("V(D*, G)", cell("V"), fixed("−1.386"), fixed("0")),
            row("Jensen-Shannon divergence", cell("JSD"), fixed("0"), fixed("0.693")))),
        make("table", {}, make("caption", {}, "G’s losses, D* held fixed"),
          make("thead", {}, head("loss", "value", "d/d mean", "d/d width")),
          make("tbody", {},
            row("minimax, log(1 − D*)", cell("minimax"), cell("minimax-mean"), cell("minimax-std")),
            row("non-saturating, −log D*", cell("non-saturating"), cell("non-saturating-mean"), cell("non-saturating-std")))),
        make("p", { class: "note" }, "G steps against the gradient: a negative slope pulls the mean to the right, or makes p_g wider."),
        status)));

  handles.forEach((handle, i) => {
    handle.addEventListener("pointerdown", event => {
      handle.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    handle.addEventListener("pointermove", event => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const box = densities.getBoundingClientRect();
      const x = (((event.clientX - box.left) / box.width) * WIDE - LEFT) / (WIDE - LEFT - 8) * 2 * REACH - REACH;
      if (i === 0) move("mean", x);
      else move("std", Math.abs(x - now.mean));
    });
    handle.addEventListener("pointerup", say);
  });

  function move(name, value) {
    const { min, max, step } = range[name];
    now[name] = Number(Math.min(max, Math.max(min, Math.round(value / step) * step)).toFixed(6));
    if (kernel) kernel.set(name, now[name]);
    draw();
  }
  function say() {
    status.textContent = `Mean ${number(now.mean, 2)}, width ${number(now.std, 2)}: Jensen-Shannon divergence ${outputs.JSD.textContent}.`;
  }
  function draw() {
    const found = numbers(data, now.mean, now.std);
    for (const [name, value] of Object.entries(found)) {
      outputs[name].textContent = number(value);
      outputs[name].dataset.value = value;
    }
    for (const name of ["mean", "std"]) {
      sliders[name].value = now[name];
      outputs[name].textContent = number(now[name], 2);
    }
    const tallest = 1.15 * Math.max(normal(0, 0, data.std), normal(0, 0, now.std));
    const up = value => HIGH - 16 - (value / tallest) * (HIGH - 30);
    const curve = f => "M" + Array.from({ length: 401 }, (_, i) => -REACH + (i / 400) * 2 * REACH)
      .map(x => `${across(x).toFixed(1)} ${f(x).toFixed(1)}`).join("L");
    lines.data.setAttribute("d", curve(x => up(normal(x, data.mean, data.std))));
    lines.fake.setAttribute("d", curve(x => up(normal(x, now.mean, now.std))));
    const logit = bestLogit(data, now.mean, now.std), bestD = x => sigmoid(logit(x));
    lines.best.setAttribute("d", curve(x => LOW - 18 - bestD(x) * (LOW - 36)));
    const at = (element, x, y) => { element.setAttribute("cx", across(x)); element.setAttribute("cy", up(y)); };
    at(handles[0], now.mean, normal(0, 0, now.std));
    at(handles[1], now.mean + now.std, normal(now.std, 0, now.std));
    const place = (element, x, y, higher) => { element.setAttribute("x", across(x) + 8); element.setAttribute("y", up(y) - higher); };
    place(dataName, data.mean, normal(0, 0, data.std), 2);
    place(fakeName, now.mean, normal(0, 0, now.std), 14);
    for (const { name, arrow, y } of pulls) {
      const pull = -found[`${name}-mean`];
      const length = 150 * Math.sign(pull) * (Math.abs(pull) / (Math.abs(pull) + 4));
      const x = across(now.mean), tip = Math.min(WIDE - 4, Math.max(LEFT, x + length)), back = 6 * Math.sign(length);
      const point = Math.abs(length) > 8 ? `M${tip - back} ${y - 5}L${tip} ${y}L${tip - back} ${y + 5}` : "";
      arrow.setAttribute("d", `M${x} ${y - 4}V${y + 4}M${x} ${y}H${tip}${point}`);
    }
    densities.setAttribute("aria-label",
      `Densities: p_data around ${data.mean}, p_g around ${number(now.mean, 2)} with width ${number(now.std, 2)}. ` +
      "Arrows show which way each loss pulls the mean of p_g.");
    best.setAttribute("aria-label", `The best D over x; where p_g has its peak it is ${number(bestD(now.mean), 2)}.`);
  }
  const stops = kernel ? ["mean", "std"].map(name => kernel.listen(`change:${name}`, () => {
    if (kernel.get(name) === now[name]) return;
    now[name] = kernel.get(name);
    draw();
  })) : [];
  return { draw, close: () => stops.forEach(stop => stop()) };
}

// -- the game in 2-D --------------------------------------------------------------------------------------------------

const CIVIDIS = [[0, 34, 78], [18, 53, 112], [59, 73, 108], [87, 93, 109], [112, 113, 115], [138, 134, 120], [166, 157, 117], [195, 180, 108], [225, 204, 85], [254, 232, 56]];

function cividis(share) {
  const place = Math.min(1, Math.max(0, share)) * (CIVIDIS.length - 1), i = Math.min(Math.floor(place), CIVIDIS.length - 2);
  return CIVIDIS[i].map((from, c) => Math.round(from + (place - i) * (CIVIDIS[i + 1][c] - from)));
}

// A frame's bytes, as gan_course/lab/frames.py packs them.
function unpack(bytes, layout) {
  const { side, points, mesh, scalars, reach } = layout;
  const data = new DataView(bytes);
  let at = 0;
  const next = (n, size, read) => {
    const values = Float32Array.from({ length: n }, (_, i) => read(at + i * size));
    at += n * size;
    return values;
  };
  const place = offset => (data.getUint16(offset, true) / 4095 * 2 - 1) * reach;
  const values = next(scalars.length, 4, offset => data.getFloat32(offset, true));
  return {
    ...Object.fromEntries(scalars.map((name, i) => [name, values[i]])),
    points: next(2 * points, 2, place),
    mesh: next(2 * mesh * mesh, 2, place),
    pulls: next(2 * points, 1, offset => data.getInt8(offset) / 127),
    surface: heights(next(side * side, 1, offset => data.getUint8(offset)), side),
  };
}

// A surface is stored as its differences along both axes; added up again it is 0 to 1.
function heights(values, side) {
  for (let i = side; i < values.length; i++) values[i] += values[i - side];
  for (let i = 0; i < values.length; i++) if (i % side) values[i] += values[i - 1];
  return values.map(value => (value % 256) / 255);
}

// The frames so far; every `stride`-th is kept, and always the newest, as gan_course/lab/history.py does.
class History {
  constructor(most = 400) {
    Object.assign(this, { most, frames: [], count: 0, stride: 1 });
  }
  add(frame) {
    if (this.frames.length && (this.count - 1) % this.stride) this.frames.pop();
    this.frames.push(frame);
    this.count += 1;
    if (this.frames.length > this.most) {
      const newest = this.frames.at(-1);
      this.frames = this.frames.filter((_, i) => i % 2 === 0);
      if (this.frames.at(-1) !== newest) this.frames.push(newest);
      this.stride *= 2;
    }
  }
}

const SLOW = 1500; // milliseconds for each phase while it plays
const PICTURED = {
  D: ["", "Coloured by D’s answer.", "Larger: counts for more.", "▲ D’s answer should rise here, ▼ fall.", ""],
  G: ["", "Coloured by D’s answer.", "Larger: counts for more.", "Arrows: where each fake should go.", "Lines: how far each fake moved."],
};

function game(root, start, kernel, recorded) {
  const { layout, choices } = start;
  let about = null; // what stays the same during a game
  let history = new History();
  let shown = 0; // which frame of the history
  let playing = false, diverged = false, drawn = 0, walk = null, timer = null, pending = false, waiting = 0;
  let ran = "D"; // whose update ran last: its code is shown

  // The controls
  const play = make("button", { type: "button", class: "main", onclick: () => (playing ? pause() : go()) }, "Play");
  const step = (text, player, title) => make("button", { type: "button", title, onclick: () => once(player) }, text);
  const steps = kernel
    ? [step("Step D", "D", "one update of D alone"), step("Step G", "G", "one update of G alone"), step("Step both", "round", "D's steps, then one of G")]
    : [step("D, slowly", "D", "one recorded update of D, phase by phase"), step("G, slowly", "G", "one recorded update of G, phase by phase")];
  const slow = make("input", { type: "checkbox", onchange: () => {
    pause();
    endWalk();
    steps[2].hidden = slow.checked;
    show();
    label();
  } });
  const following = make("button", { type: "button", onclick: nextPhase }, "Next phase");
  const reset = make("button", { type: "button", onclick: startAgain }, "Reset");
  const speed = kernel
    ? choice({ 1: "1 round", 5: "5 rounds", 20: "20 rounds" }, () => playing && go())
    : choice({ 3: "3 a second", 8: "8 a second", 20: "20 a second" }, () => playing && go());
  speed.value = kernel ? "5" : "8";
  const settings = Object.fromEntries(Object.entries(choices).map(([name, options]) =>
    [name, choice(options, () => change(name, name === "data" || name === "loss" ? settings[name].value : Number(settings[name].value)))]));
  settings.seed = make("input", { type: "number", min: 0, max: start.max_seed, step: 1, style: "width:7em", onchange: () => {
    if (settings.seed.value !== "" && settings.seed.checkValidity()) return change("seed", Number(settings.seed.value));
    settings.seed.value = about.settings.seed;
    say(`The seed is a whole number from 0 to ${whole(start.max_seed)}.`);
  } });
  const titles = { data: "data", loss: "loss", d_steps: "D steps per G step", d_rate: "learning rate of D", g_rate: "learning rate of G", seed: "seed" };
  const facts = make("p", { class: "note" });
  const status = make("p", { class: "status", role: "status" });
  const trouble = make("div", { class: "trouble", role: "alert", hidden: true });

  // The plane
  const marks = { surface: ["", "D’s surface"], real: ["○ ", "real"], fake: ["× ", "generated"], pulls: ["→ ", "gradient"], mesh: ["", "G’s mesh"] };
  const layers = Object.fromEntries(Object.entries(marks).map(([name, [mark, text]]) => {
    const box = make("input", { type: "checkbox", onchange: show });
    box.checked = name !== "mesh";
    return [name, { box, label: make("label", { class: "check" }, box, make("span", { "aria-hidden": "true" }, mark), text) }];
  }));
  const plane = make("canvas", { class: "plane", role: "img" });
  const low = make("span"), high = make("span"), scale = make("span", { class: "scale" }), meaning = make("span");
  const colours = Array.from({ length: 10 }, (_, i) => `rgb(${cividis(i / 9)})`);
  scale.style.background = `linear-gradient(90deg, ${colours})`;

  // The charts
  const charts = [
    chart("Losses", [["d_loss", "D", "real"], ["g_loss", "G", "fake", "dashed"]]),
    chart("Divergences from the data, in nats (log scale)", [["kl", "KL(p_data ‖ p_g)", "third"], ["js", "Jensen-Shannon", "fake", "dashed"]], true),
    chart("Modes covered", [["modes", "modes", "real"]]),
  ];
  const scrubber = make("input", { type: "range", min: 0, max: 0, "aria-label": "back through the game", oninput: () => {
    if (playing) pause();
    endWalk();
    shown = Number(scrubber.value);
    show();
  } });
  const place = make("span");

  // The code
  const tabs = ["D", "G"].map(player => make("button", { type: "button", onclick: () => { ran = player; showCode(); } }, `${player}’s update`));
  const heading = make("h4"), listing = make("pre", { tabindex: 0, "aria-label": "code of the update" });
  const top = [make("div", { class: "row" }, play, ...steps, following,
    ...(kernel ? [make("label", { class: "check" }, slow, "slow motion"), reset] : []),
    named(kernel ? "a picture every" : "pictures", speed))];
  if (kernel) top.push(make("div", { class: "row" }, ...Object.entries(settings).map(([name, control]) => named(titles[name], control))));
  root.append(...top, facts, trouble,
    make("div", { class: "panels three" },
      make("div", {}, plane,
        make("div", { class: "legend" }, meaning, low, scale, high),
        make("div", { class: "legend", role: "group", "aria-label": "layers" }, ...Object.values(layers).map(layer => layer.label))),
      make("div", {}, make("div", { class: "scrub" }, scrubber, place), status, ...charts.map(each => each.element)),
      make("div", { class: "code" }, heading, make("div", { class: "row" }, ...tabs), listing)));
  facts.hidden = Boolean(kernel);

  function chart(title, lines, floors) {
    const canvas = make("canvas", { role: "img" });
    const values = Object.fromEntries(lines.map(([name]) => [name, make("span")]));
    const keys = lines.map(([name, text, color, dash = ""]) =>
      make("span", {}, make("i", { class: dash, style: `color:var(--${color})` }), `${text} `, values[name]));
    const element = make("div", { class: "chart" }, make("h4", {}, title), make("div", { class: "values" }, ...keys), canvas);
    return { title, lines, floors, canvas, values, element };
  }

  // -- what the reader does
  function go() {
    playing = true;
    if (kernel && !slow.checked) {
      endWalk();
      drawn = 0;
      shown = history.frames.length - 1;
      tell({ type: "play", rounds: Number(speed.value) });
    } else if (kernel) {
      walk ? tick() : ask("walk", null);
    } else {
      endWalk();
      if (shown >= history.frames.length - 1) shown = 0;
      clearInterval(timer);
      timer = setInterval(() => {
        shown += 1;
        if (shown >= history.frames.length - 1) pause();
        show();
      }, 1000 / Number(speed.value));
    }
    label();
  }
  function pause() {
    clearTimeout(timer);
    clearInterval(timer);
    if (playing && kernel) tell({ type: "pause" });
    playing = false;
    label();
  }
  function once(player) {
    pause();
    if (!kernel) {
      endWalk();
      const found = start.walks.find(each => each.player === player);
      return begin(found, history.frames[found.at], history.frames[found.at + 1], found.at);
    }
    endWalk();
    if (slow.checked) ask("walk", player);
    else tell({ type: "step", player });
  }
  function tell(message) {
    if (!kernel.send(message)) lost();
  }
  function lost() {
    playing = pending = false;
    clearTimeout(timer);
    label();
    say("This game’s kernel is gone: run the cell again.");
  }
  function ask(type, player) {
    if (pending) return;
    pending = true;
    tell({ type, player });
  }
  function startAgain() {
    pause();
    tell({ type: "reset" });
  }
  function change(name, value) {
    if (start.while_playing.includes(name)) endWalk();
    else pause();
    tell({ type: "set", settings: { [name]: value } });
  }
  function label() {
    root.classList.toggle("walking", Boolean(walk));
    play.textContent = playing ? "Pause" : "Play";
    for (const control of [play, following, ...steps]) control.disabled = diverged;
    following.hidden = Boolean(kernel) && !slow.checked;
  }
  function say(text) {
    status.textContent = text;
  }

  // -- what the kernel or the recording says
  function newGame(info, frames) {
    about = info;
    history = new History();
    frames.forEach(frame => history.add(frame));
    shown = history.frames.length - 1;
    diverged = playing = pending = false;
    walk = null;
    ran = "D"; // who moves first
    trouble.hidden = true;
    for (const [name, control] of Object.entries(settings)) control.value = String(about.settings[name]);
    meaning.textContent = about.probability ? "D(x), the probability of “real”:" : "score of D:";
    const { data, loss, d_steps, d_rate, g_rate, seed } = about.settings;
    facts.textContent = `A recorded game: ${choices.data[data]}, loss ${choices.loss[loss]}, D steps per G step ${d_steps}, ` +
      `learning rates ${d_rate} (D) and ${g_rate} (G), seed ${seed}. In JupyterLab, run the cell to play your own.`;
    label();
    showCode();
    show();
  }
  function add(frame, player) {
    const atEnd = shown === history.frames.length - 1;
    history.add(frame);
    if (atEnd || player) shown = history.frames.length - 1;
    if (player) ran = player === "D" ? "D" : "G";
    drawSoon();
  }
  function state(message) {
    playing = message.playing || (playing && slow.checked && !message.note && !message.diverged);
    diverged = message.diverged;
    pending = false;
    about.settings = message.settings;
    for (const [name, control] of Object.entries(settings)) control.value = String(message.settings[name]);
    trouble.hidden = !diverged;
    if (diverged) {
      const again = make("button", { type: "button", onclick: startAgain }, "Start again");
      trouble.replaceChildren(make("span", {}, `The game has diverged. ${message.note} Smaller learning rates may help.`), again);
    }
    label();
    if (!walk) say(message.note || (playing ? "Playing." : summary()));
    if (!playing && !walk) show();
  }
  function summary() {
    const frame = history.frames.at(-1), modes = about.modes ? ` ${frame.modes} of ${about.modes} modes covered.` : "";
    return `${played(frame)}.${modes}`;
  }

  // -- slow motion: one update in five phases; their names are the comments in its code
  function begin(data, before, after, at) {
    walk = { ...data, before, after, at, phase: 1 };
    if (at !== undefined) shown = at;
    ran = data.player;
    label();
    show();
    if (kernel && playing) tick();
  }
  function tick() {
    clearTimeout(timer);
    timer = setTimeout(nextPhase, SLOW);
  }
  function nextPhase() {
    if (walk && walk.phase < 5) {
      walk.phase += 1;
      show();
    } else if (walk) {
      endWalk();
      show();
      if (playing) ask("walk", null);
    } else if (kernel) ask("walk", null);
    else once(ran === "D" ? "G" : "D");
    if (playing && walk) tick();
  }
  function endWalk() {
    if (!walk) return;
    if (walk.at !== undefined) shown = walk.at + 1;
    else {
      history.add(walk.after);
      shown = history.frames.length - 1;
    }
    walk = null;
    say(about ? summary() : "");
    label();
  }

  // -- drawing
  function drawSoon() {
    if (waiting) return; // pictures that come too fast are kept, and the newest is drawn
    waiting = requestAnimationFrame(() => { waiting = 0; show(); });
  }
  function show() {
    if (!about) return;
    shown = Math.min(shown, history.frames.length - 1);
    const frame = walk ? (walk.phase < 5 ? walk.before : walk.after) : history.frames[shown];
    const back = !walk && shown < history.frames.length - 1;
    scrubber.max = history.frames.length - 1;
    scrubber.value = shown;
    place.textContent = played(frame);
    scrubber.setAttribute("aria-valuetext", place.textContent);
    low.textContent = number(frame.low, 1);
    high.textContent = number(frame.high, 1);
    drawPlane(frame);
    charts.forEach(each => drawChart(each, frame));
    if (walk) {
      const cost = walk.phase === 3 ? `: ${number(walk.loss)}` : "";
      say(`${walk.player}’s update, phase ${walk.phase} of 5: ${phases(walk.player)[walk.phase - 1]}${cost}. ${PICTURED[walk.player][walk.phase - 1]}`);
    } else if (back && kernel) say("Looking back. Play goes on from the present.");
    plane.setAttribute("aria-label", describe(frame));
    showCode();
    root.dataset.drawn = ++drawn;
  }
  const phases = player => about.sources[player].split("\n").filter(line => /^ *# \d: /.test(line)).map(line => line.replace(/^ *# \d: /, ""));
  function describe(frame) {
    const modes = about.modes ? `${frame.modes} of ${about.modes} modes covered` : "data without modes";
    return `The plane with D’s surface, ${about.real.length} real and ${layout.points} generated points: ` +
      `${modes}, Jensen-Shannon divergence ${number(frame.js, 2)} nats.`;
  }
  let listed = "";
  function showCode() {
    const phase = walk && walk.player === ran ? walk.phase : 0, wanted = `${ran}${phase}${about.settings.loss}`;
    if (wanted === listed) return;
    listed = wanted;
    heading.textContent = `The code of ${ran}’s update`;
    tabs.forEach((tab, i) => tab.setAttribute("aria-pressed", String("DG"[i] === ran)));
    let at = 0;
    listing.replaceChildren(...about.sources[ran].split("\n").map((line, i) => {
      const mark = line.match(/^ *# (\d): /);
      if (mark) at = Number(mark[1]);
      if (/^def/.test(line)) at = i ? 3 : 0; // after the update come the losses that it calls
      if (/^ {4}return [dg]_loss$/.test(line)) at = 0;
      return make("span", at && at === phase ? { class: "now", "aria-current": "step" } : {}, line);
    }));
    const now = listing.querySelector(".now");
    if (now) listing.scrollTop = now.offsetTop - listing.offsetTop - 40;
  }
  function brush(canvas) {
    const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    return { pen, width, height };
  }
  const colour = name => getComputedStyle(root).getPropertyValue(`--${name}`);

  const tile = document.createElement("canvas");
  tile.width = tile.height = layout.side;
  function drawPlane(frame) {
    const { pen, width } = brush(plane), phase = walk ? walk.phase : 0, on = name => layers[name].box.checked;
    if (!width) return;
    const x = value => (value / layout.extent + 1) / 2 * width, y = value => (1 - value / layout.extent) / 2 * width;
    const judging = phase === 2 || phase === 3;
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, width, width);
    if (on("surface") && !judging) {
      const inks = tile.getContext("2d"), pixels = inks.createImageData(layout.side, layout.side);
      frame.surface.forEach((value, i) => {
        const row = layout.side - 1 - Math.floor(i / layout.side), at = 4 * (row * layout.side + i % layout.side);
        pixels.data.set([...cividis(value), 255], at);
      });
      inks.putImageData(pixels, 0, 0);
      pen.imageSmoothingQuality = "high";
      pen.drawImage(tile, 0, 0, width, width);
    }
    if (on("mesh") && !walk) drawMesh(pen, frame.mesh, x, y);
    if (walk) return drawWalk(pen, x, y);
    if (on("real")) about.real.forEach(([a, b]) => ring(pen, x(a), y(b)));
    for (let i = 0; i < layout.points; i++) {
      const a = x(frame.points[2 * i]), b = y(frame.points[2 * i + 1]);
      if (on("pulls")) arrow(pen, a, b, 28 * frame.pulls[2 * i], -28 * frame.pulls[2 * i + 1]);
      if (on("fake")) cross(pen, a, b);
    }
  }
  function stroke(pen, path, inner, width = 1.4) {
    for (const [style, size] of [["rgba(255,255,255,.75)", width + 1.8], [inner, width]]) {
      pen.strokeStyle = style;
      pen.lineWidth = size;
      pen.beginPath();
      path();
      pen.stroke();
    }
  }
  const ring = (pen, a, b) => stroke(pen, () => pen.arc(a, b, 2.6, 0, 7), "#000", 1.1);
  const cross = (pen, a, b, size = 3.2) => stroke(pen, () => {
    pen.moveTo(a - size, b - size); pen.lineTo(a + size, b + size);
    pen.moveTo(a - size, b + size); pen.lineTo(a + size, b - size);
  }, "#d55e00", 1.7);
  function arrow(pen, a, b, da, db) {
    const length = Math.hypot(da, db);
    if (length < 1.5) return;
    const ux = da / length, uy = db / length, head = Math.min(5, length / 2);
    stroke(pen, () => {
      pen.moveTo(a, b); pen.lineTo(a + da, b + db);
      pen.moveTo(a + da - head * (ux + uy * 0.6), b + db - head * (uy - ux * 0.6));
      pen.lineTo(a + da, b + db);
      pen.lineTo(a + da - head * (ux - uy * 0.6), b + db - head * (uy + ux * 0.6));
    }, "#000", 1.1);
  }
  function drawMesh(pen, mesh, x, y) {
    const n = layout.mesh, at = (i, j) => [x(mesh[2 * (i * n + j)]), y(mesh[2 * (i * n + j) + 1])];
    stroke(pen, () => {
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) {
        if (j + 1 < n) { pen.moveTo(...at(i, j)); pen.lineTo(...at(i, j + 1)); }
        if (i + 1 < n) { pen.moveTo(...at(i, j)); pen.lineTo(...at(i + 1, j)); }
      }
    }, "#d55e00", 0.8);
  }
  function drawWalk(pen, x, y) {
    const { player, phase, before } = walk, share = value => (value - before.low) / (before.high - before.low);
    const groups = [["real", walk.real || []], ["fake", walk.fake]];
    for (const [name, points] of groups) points.forEach(([px, py], i) => {
      const a = x(px), b = y(py), push = walk[`${name}_push`][i], judged = `rgb(${cividis(share(walk[`${name}_seen`][i]))})`;
      if (phase === 1 && name === "fake") cross(pen, a, b);
      if (phase === 2 || phase === 3) {
        const size = phase === 2 ? 5 : 2 + 6 * Math.min(1, Math.abs(push));
        pen.fillStyle = judged;
        pen.beginPath();
        if (name === "real") pen.arc(a, b, size, 0, 7);
        else pen.rect(a - size * 0.9, b - size * 0.9, 1.8 * size, 1.8 * size);
        pen.fill();
        stroke(pen, () => name === "real" ? pen.arc(a, b, size, 0, 7) : pen.rect(a - size * 0.9, b - size * 0.9, 1.8 * size, 1.8 * size), name === "real" ? "#000" : "#d55e00", 1.2);
      }
      if (phase === 4 && player === "D") triangle(pen, a, b, push, name === "real" ? "#000" : "#d55e00");
      if (phase === 4 && player === "G") { arrow(pen, a, b, 28 * walk.pulls[i][0], -28 * walk.pulls[i][1]); cross(pen, a, b); }
      if (phase === 5 && player === "D") name === "real" ? ring(pen, a, b) : cross(pen, a, b);
      if (phase === 5 && player === "G") {
        const [ma, mb] = [x(walk.moved[i][0]), y(walk.moved[i][1])];
        stroke(pen, () => { pen.moveTo(a, b); pen.lineTo(ma, mb); }, "#000", 1);
        cross(pen, ma, mb);
      }
    });
  }
  // What the loss asks of D at this point: up or down, and how urgently.
  function triangle(pen, a, b, push, color) {
    const size = 2 + 6 * Math.min(1, Math.abs(push)), way = push > 0 ? -1 : 1;
    if (Math.abs(push) < 0.01) return;
    stroke(pen, () => {
      pen.moveTo(a - size, b - way * size * 0.7);
      pen.lineTo(a, b + way * size);
      pen.lineTo(a + size, b - way * size * 0.7);
      pen.closePath();
    }, color, 1.6);
  }
  function drawChart({ title, lines, floors, canvas, values, element }, frame) {
    element.hidden = title === "Modes covered" && !about.modes;
    if (element.hidden) return;
    const { pen, width, height } = brush(canvas), frames = history.frames, spread = [];
    for (const [name] of lines) for (const each of frames) if (Number.isFinite(each[name])) spread.push(each[name]);
    spread.sort((a, b) => a - b);
    const modes = title === "Modes covered";
    const letters = root.classList.contains("hall") ? 17 : 11, below = letters + 5;
    const bend = floors ? value => Math.log10(Math.max(value, 1e-3)) : value => value;
    let bottom = floors ? 0.02 : modes ? 0 : Math.min(0, spread[Math.floor(0.01 * spread.length)] ?? 0);
    let topmost = floors ? 6 : modes ? about.modes : (spread[Math.floor(0.99 * (spread.length - 1))] ?? 1) * 1.05;
    if (!(topmost > bottom)) topmost = bottom + 1;
    const last = frames.at(-1), updates = each => each.d_updates + each.g_updates, end = Math.max(1, updates(last));
    const left = 3 * letters + 1, x = each => left + updates(each) / end * (width - left - 6);
    const share = value => (bend(value) - bend(bottom)) / (bend(topmost) - bend(bottom));
    const y = value => height - below - Math.min(1, Math.max(0, share(value))) * (height - below - 8);
    pen.font = `${letters}px system-ui, sans-serif`;
    pen.fillStyle = colour("ink");
    pen.strokeStyle = colour("line");
    pen.lineWidth = 1;
    pen.strokeRect(left, 8, width - left - 6, height - below - 8);
    pen.textAlign = "right";
    const digits = floors ? 2 : 1;
    const mark = value => modes || Math.abs(value) >= 100 ? minus(whole(value)) : number(value, digits);
    pen.fillText(floors ? whole(topmost) : mark(topmost), left - 4, letters + 3);
    pen.fillText(mark(bottom), left - 4, height - below + 1);
    pen.fillText(`${whole(end)} updates`, width - 6, height - 3);
    pen.textAlign = "left";
    pen.fillText("0", left, height - 3);
    for (const [name, , color, dash] of lines) {
      pen.strokeStyle = colour(color);
      pen.lineWidth = 1.6;
      pen.setLineDash(dash ? [5, 3] : []);
      pen.beginPath();
      let open = false;
      for (const each of frames) {
        if (!Number.isFinite(each[name])) continue;
        open ? pen.lineTo(x(each), y(each[name])) : pen.moveTo(x(each), y(each[name]));
        open = true;
      }
      pen.stroke();
      if (floors) {
        pen.setLineDash([1, 3]);
        pen.beginPath();
        pen.moveTo(left, y(about.floor[name]));
        pen.lineTo(width - 6, y(about.floor[name]));
        pen.stroke();
      }
      const value = frame[name];
      values[name].textContent = modes ? `${value} of ${about.modes}, ${whole(100 * frame.quality)} % of the points close to one`
        : floors ? `${number(value, 2)} (real points: ${number(about.floor[name], 2)})` : number(value, 2);
    }
    pen.setLineDash([]);
    pen.strokeStyle = colour("ink");
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(x(frame), 8);
    pen.lineTo(x(frame), height - below);
    pen.stroke();
    canvas.setAttribute("aria-label", `${title} over the updates. ` +
      lines.map(([name, text]) => `${text}: ${values[name].textContent}`).join("; ") + ".");
  }

  // -- the two sources: a kernel, or a recording
  let stop = () => {}, knocking = null;
  if (kernel) {
    let told = 0;
    const stops = [kernel.listen("comm_live_update", lost)]; // the kernel was restarted or shut down
    stop = () => stops.forEach(each => each());
    stops.push(kernel.listen("msg:custom", (message, buffers) => {
      const frames = buffers.map(view => unpack(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength), layout));
      if (message.type === "game") newGame(message, frames);
      if (!about) return;
      if (message.type === "frame") {
        add(frames[0], message.player);
        if (playing && performance.now() - told > 500) {
          told = performance.now();
          tell({ type: "seen", n: message.n });
        }
      }
      if (message.type === "walk") { pending = false; begin(message, frames[0], frames[1]); }
      if (message.type === "state") state(message);
    }));
    let wait = 5000;
    (function knock() { // again, if nothing came back: a busy kernel or connection may take long, or lose it
      if (about) return;
      tell({ type: "hello" });
      knocking = setTimeout(knock, wait);
      wait *= 2;
    })();
  } else {
    const size = recorded.byteLength / start.frames;
    newGame(start.about, Array.from({ length: start.frames }, (_, i) => unpack(recorded.slice(i * size, (i + 1) * size), layout)));
  }
  return {
    draw: () => show(),
    close() {
      pause();
      cancelAnimationFrame(waiting);
      clearTimeout(knocking);
      stop();
    },
  };
}
