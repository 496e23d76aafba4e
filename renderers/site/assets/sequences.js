// Auto-scenarios: the picture of one task, route or command, drawn here as a sequence from its data.
(function (c) {
  "use strict";
  const { el, svg } = c;
  const COLUMN = 210;
  const BOX = 176;
  const KINDS = { request: "route" };

  // Words on lines of at most `most` characters; a word that is longer is cut.
  function wrap(text, most, lines) {
    const found = [""];
    for (const word of String(text).split(/(?<=[\s/._:-])/)) {
      for (let rest = word; rest; rest = rest.slice(most)) {
        const piece = rest.slice(0, most);
        if ((found[found.length - 1] + piece).trimEnd().length > most && found[found.length - 1]) found.push("");
        found[found.length - 1] += piece;
      }
    }
    const kept = found.slice(0, lines).map((line) => line.trim());
    if (found.length > lines) kept[lines - 1] = kept[lines - 1].slice(0, most - 1) + "…";
    return kept;
  }

  const lines = (list, x, y, step, attributes) =>
    list.map((line, n) => svg("text", { x, y: y + n * step, ...attributes }, line));

  function columnsOf(data) {
    const order = [];
    for (const edge of Object.values(data.edges)) {
      for (const end of [edge.s, edge.t]) if (!order.includes(end)) order.push(end);
    }
    return order;
  }

  function head(node, id, x) {
    const name = wrap(node.name, 23, 3);
    const words = [KINDS[node.kind] || node.kind, node.tech].filter(Boolean).join(": ");
    const kind = wrap(`[${words}]`, 28, 2);
    const said = [node.name, words, node.about].filter(Boolean).join(", ");
    return svg("g", {
      class: `node kind-${node.kind}${node.external ? " scope-external" : ""}`, "data-node": id, "data-kind": node.kind,
      tabindex: "0", role: "img", "aria-label": said,
    }, svg("title", {}, said), svg("rect", { class: "shape", x: x - BOX / 2, y: 26, width: BOX, height: 96, rx: 6 }),
    ...lines(name, x, 56 - (name.length - 1) * 5, 16, { class: "name" }),
    ...lines(kind, x, 56 + name.length * 13, 13, { class: "kind" }),
    ...lines(wrap(node.frame || "", 30, 1), x, 18, 13, { class: "frame-name" }));
  }

  function arrow(edge, id, names, from, to, y, label) {
    const own = from === to;
    const way = own ? `M${from} ${y}h46v16h-40` : `M${from} ${y}H${to + (to > from ? -8 : 8)}`;
    const tip = own ? from + 2 : to;
    const side = own || to < from ? 8 : -8;
    const tipY = own ? y + 16 : y;
    const shape = `M${tip + side} ${tipY - 4.5}L${tip} ${tipY}L${tip + side} ${tipY + 4.5}${edge.sync ? "Z" : ""}`;
    const manner = edge.sync ? "synchronous" : "asynchronous";
    const left = own ? from + 14 : Math.min(from, to) + 14;
    return svg("g", {
      class: `edge ${edge.sync ? "sync" : "async"}${edge.brittle ? " brittle" : ""}`, "data-edge": id, "data-n": edge.n,
      tabindex: "0", role: "button",
      "aria-label": `step ${edge.n}, ${names(edge.s)} to ${names(edge.t)}: ${edge.label}, ${manner}${edge.brittle ? ", brittle" : ""}`,
    }, svg("path", { class: "hit", d: way }), svg("path", { class: "line", d: way }), svg("path", { class: "head", d: shape }),
    svg("g", { class: "step" }, svg("circle", { cx: left, cy: y - label.length * 14, r: 9.5 }),
      svg("text", { x: left, y: y - label.length * 14 + 4 }, String(edge.n))),
    ...lines(label, left + 16, y - label.length * 14 + 4, 14, { class: "label" }));
  }

  function picture(data) {
    const columns = columnsOf(data);
    const at = (id) => BOX / 2 + 14 + columns.indexOf(id) * COLUMN;
    const names = (id) => (data.nodes[id] ? data.nodes[id].name : id);
    const arrows = [];
    let y = 136;
    for (const [id, edge] of Object.entries(data.edges)) {
      const span = Math.max(1, Math.abs(columns.indexOf(edge.s) - columns.indexOf(edge.t)));
      const label = wrap((edge.brittle ? "⚠ " : "") + (edge.label || "data"), Math.floor((span * COLUMN - 50) / 6.2), 4);
      y += label.length * 14 + 22;
      arrows.push(arrow(edge, id, names, at(edge.s), at(edge.t), y, label));
      if (edge.s === edge.t) y += 18;
    }
    const width = columns.length * COLUMN + 40;
    const life = columns.map((id) => svg("path", { class: "life", d: `M${at(id)} 122V${y + 24}` }));
    return svg("svg", {
      class: "c4 sequence", viewBox: `0 0 ${width} ${y + 36}`, width, height: y + 36, role: "group", "aria-label": data.title,
    }, ...life, ...columns.map((id) => head(data.nodes[id] || { name: id, kind: "component" }, id, at(id))), ...arrows);
  }

  function bar() {
    const button = (name, label, text) => el("button", { type: "button", class: name, "aria-label": label }, text);
    return el("div", { class: "bar", hidden: true },
      el("div", { class: "player", role: "group", "aria-label": "Steps" }, button("prev", "Previous step", "‹"),
        el("output", { class: "step", "aria-live": "polite" }, "All steps"), button("next", "Next step", "›"),
        el("button", { type: "button", class: "quiet every" }, "All steps")),
      el("span", { class: "note clipped", hidden: true }, "Drag to see the rest"),
      el("div", { class: "zoom", role: "group", "aria-label": "Zoom" }, button("out", "Zoom out", "−"),
        button("in", "Zoom in", "+"), el("button", { type: "button", class: "quiet fit" }, "Fit")));
  }

  function arrowsTable(data) {
    const name = (id) => (data.nodes[id] ? data.nodes[id].name : id);
    const row = ([id, edge]) => el("tr", { "data-edge": id }, el("td", { class: "number" }, String(edge.n)), el("td", {}, name(edge.s)),
      el("td", {}, name(edge.t)), el("td", {}, el("button", { type: "button", class: "open", "data-open": id }, edge.label || "data")),
      el("td", {}, edge.sync ? "synchronous" : "asynchronous", edge.tech ? ` ${edge.tech}` : ""));
    const heads = ["Step", "From", "To", "What moves", "How"].map((text) => el("th", { scope: "col" }, text));
    return el("details", { class: "arrows", open: true }, el("summary", {}, "The arrows as a table"),
      el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "The arrows" },
        el("table", { class: "edges" }, el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...Object.entries(data.edges).map(row)))));
  }

  function fileOf(id, chains) {
    return `${chains.name}-${parseInt(id.slice(-4), 16) % chains.files}`;
  }

  async function draw(chains) {
    const place = document.getElementById("chain");
    const id = c.state().get("entry");
    if (!place || !id || place.dataset.shown === id) return;
    let data = null;
    try { data = chains.files ? (await c.load(fileOf(id, chains)))[id] : null; } catch (missing) { data = null; }
    if (!data) {
      place.replaceChildren(el("p", { class: "empty" }, "There is no scenario of that name in this scan: it reaches nothing that is certain or likely, or it is gone."));
      return;
    }
    place.dataset.shown = id;
    document.getElementById("chain-title").textContent = data.title;
    document.getElementById("chain-about").textContent = data.about;
    document.title = data.title;
    const canvas = el("div", { class: "canvas", tabindex: "0", role: "region", "aria-label": `Diagram: ${data.title}. Its arrows stand in the table below.` }, picture(data));
    const figure = el("figure", { class: "diagram steps", id: "chain-figure", "data-view": id }, bar(), canvas, arrowsTable(data));
    place.replaceChildren(figure);
    c.diagrams.clear();
    c.diagrams.add(figure, data);
    c.diagrams.read();
  }

  c.sequences = { draw };
})(window.c4trace);
