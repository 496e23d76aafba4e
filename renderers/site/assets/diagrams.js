// Diagrams: pan, zoom, step through, filter, and the way from an arrow or a box to the evidence panel.
(function (c) {
  "use strict";
  // Below this scale the labels are too small to read: a wide picture opens larger than its frame and is panned.
  const READABLE = 0.92;
  const LARGEST = 4;
  const shown = [];

  // A place on the picture, not beyond its far end; in the middle of a picture that is smaller than its room.
  const between = (at, room) => (room < 0 ? room / 2 : Math.min(Math.max(at, 0), room));

  // The generator's own picture, escaped by it like those of the page.
  function pictureOf(text) {
    const holder = document.createElement("template");
    holder.innerHTML = text;
    return holder.content.querySelector("svg");
  }

  // An arrow as a row of the table beside the picture, as the page's own rows are.
  function rowOf([id, edge], nameOf) {
    return c.el("tr", { "data-edge": id }, c.el("td", {}, nameOf(edge.s)), c.el("td", {}, nameOf(edge.t)),
      c.el("td", {}, c.el("button", { type: "button", class: "open", "data-open": id }, edge.label || "data"),
        edge.brittle ? c.el("span", { class: "badge warn" }, "⚠ brittle") : ""),
      c.el("td", {}, c.el("span", { class: "badge " + (edge.sync ? "sync" : "async") }, edge.sync ? "synchronous" : "asynchronous"), ` ${edge.tech}`),
      c.el("td", {}, edge.conf));
  }

  class Diagram {
    constructor(figure, data) {
      this.figure = figure;
      this.id = figure.dataset.view;
      this.data = data;
      this.canvas = figure.querySelector(".canvas");
      this.svg = this.canvas && this.canvas.querySelector("svg");
      this.rows = [...figure.querySelectorAll("tr[data-edge]")];
      figure.addEventListener("click", (event) => this.openFrom(event.target.closest("button[data-open]")));
      if (this.svg) this.prepare();
    }

    prepare() {
      this.figure.querySelector(".bar").hidden = false;
      this.shut = this.figure.querySelector(".shut");
      this.table = this.figure.querySelector(".edges tbody");
      this.closed = { svg: this.svg, data: this.data, rows: this.rows };
      this.group = "";
      this.pointers = new Map();
      this.listen();
      this.take();
      this.open();
      // The panel beside it and the window change its room: an untouched picture opens anew, a moved one keeps its part.
      let room = this.canvas.clientWidth;
      new ResizeObserver(() => {
        if (this.printing || this.canvas.clientWidth === room) return;
        room = this.canvas.clientWidth;
        if (this.touched) this.paint();
        else this.open();
      }).observe(this.canvas);
      this.steps = [...new Set(this.edges.map((edge) => Number(edge.dataset.n)))].filter(Boolean).sort((a, b) => a - b);
      this.step = 0;
    }

    // What stands in the canvas becomes the picture.
    take() {
      if (this.svg.hasAttribute("width")) {
        const box = this.svg.viewBox.baseVal;
        this.svg.dataset.size = `${box.width} ${box.height}`;
        this.svg.removeAttribute("width");
        this.svg.removeAttribute("height");
      }
      [this.width, this.height] = this.svg.dataset.size.split(" ").map(Number);
      this.edges = [...this.svg.querySelectorAll("[data-edge]")];
      this.nodes = [...this.svg.querySelectorAll("[data-node]")];
      for (const node of this.nodes) if (this.opens(node.dataset.node)) this.dress(node, "+", "opens in the picture");
      for (const frame of this.svg.querySelectorAll("[data-frame^='open:']")) this.dress(frame, "−", "open; closes again");
    }

    opens(id) {
      return (this.closed.data.opens || {})[id];
    }

    // A group's box, and the frame of an open group, are buttons that carry a sign.
    dress(node, sign, words) {
      if (node.getAttribute("role") === "button") return;
      const shape = [...node.querySelectorAll("rect,path")].pop().getBBox();
      const name = node.getAttribute("aria-label") || node.textContent;
      node.append(c.svg("text", { class: "sign-group", x: shape.x + shape.width - 12, y: shape.y + 17, "aria-hidden": "true" }, sign));
      for (const [key, value] of [["role", "button"], ["tabindex", "0"], ["aria-label", `${name}, ${words}`]]) node.setAttribute(key, value);
    }

    // Shows the picture in which a group stands open; "" shows the one with all groups closed.
    async openGroup(id, silent) {
      const name = id ? this.opens(id) : "";
      if ((id && !name) || id === this.group) return;
      let part = null;
      try { part = name ? await c.load("opened-" + name) : null; } catch (missing) {
        c.say("This picture is not part of this copy of the site.");
        return;
      }
      const before = this.group;
      this.group = id;
      this.data = part ? { ...this.closed.data, nodes: part.nodes, edges: part.edges } : this.closed.data;
      this.svg = part ? pictureOf(part.svg) : this.closed.svg;
      this.canvas.replaceChildren(this.svg);
      this.rows = part ? Object.entries(part.edges).map((edge) => rowOf(edge, (end) => this.nameOf(end))) : this.closed.rows;
      this.table.replaceChildren(...this.rows);
      this.take();
      this.shut.hidden = !id;
      this.shut.textContent = id ? `Close ${this.closed.data.nodes[id].name}` : "";
      c.keep({ o: id ? this.id : "", g: id });
      applyFilters();
      this.open();
      if (silent) return;
      c.say(id ? `${this.closed.data.nodes[id].name} is open` : "The group is closed");
      const here = this.svg.querySelector(id ? `[data-frame="${CSS.escape("open:" + id)}"]` : `[data-node="${CSS.escape(before)}"]`);
      if (here) {
        this.reveal(here);
        here.focus({ preventScroll: true });
      }
    }

    // What the picture is about, by its middle: the frame of the system, or the box with the most arrows. Steps are
    // read from the first.
    heart() {
      const first = this.edges.find((edge) => edge.dataset.n === "1");
      if (first) return this.middle(first);
      const count = (id) => Object.values(this.data.edges).filter((edge) => edge.s === id || edge.t === id).length;
      const boxes = this.nodes.map((node) => [count(node.dataset.node), node]);
      const [frame] = this.svg.querySelectorAll(".frame:not([data-frame^='open:'])");
      const chosen = frame || boxes.reduce((best, next) => (next[0] > best[0] ? next : best), [-1, null])[1];
      return chosen ? this.middle(chosen) : [this.width / 2, 0];
    }

    middle(element) {
      const box = element.getBBox();
      const at = element.getCTM().inverse().multiply(this.svg.getCTM()).inverse();
      const point = new DOMPoint(box.x + box.width / 2, box.y + box.height / 2).matrixTransform(at);
      return [point.x, point.y];
    }

    // How the picture opens: whole when its labels can be read so, else readable, with what it is about in the middle.
    open() {
      const room = this.canvas.clientWidth;
      if (!room) return;
      this.touched = false;
      const most = Math.max(320, window.innerHeight * 0.78);
      const fit = Math.min(room / this.width, most / this.height);
      this.scale = Math.min(1.15, Math.max(fit, READABLE));
      const tall = Math.min(this.height * this.scale, most);
      this.canvas.style.height = Math.ceil(tall) + "px";
      this.least = Math.min(fit, 1) * 0.9;
      const [x, y] = this.heart();
      this.x = between(x - room / this.scale / 2, this.width - room / this.scale);
      this.y = between(y - tall / this.scale / 2, this.height - tall / this.scale);
      const clipped = this.width * this.scale > room + 1 || this.height * this.scale > tall + 1;
      this.figure.querySelector(".clipped").hidden = !clipped;
      this.paint();
    }

    fit() {
      this.touched = true;
      this.scale = Math.min(this.canvas.clientWidth / this.width, this.canvas.clientHeight / this.height);
      this.x = (this.width - this.canvas.clientWidth / this.scale) / 2;
      this.y = (this.height - this.canvas.clientHeight / this.scale) / 2;
      this.paint();
    }

    paint() {
      const wide = this.canvas.clientWidth / this.scale;
      const tall = this.canvas.clientHeight / this.scale;
      // At least a part of the picture stays in sight.
      this.x = Math.min(Math.max(this.x, -wide * 0.8), this.width - wide * 0.2);
      this.y = Math.min(Math.max(this.y, -tall * 0.8), this.height - tall * 0.2);
      this.svg.setAttribute("viewBox", `${this.x} ${this.y} ${wide} ${tall}`);
    }

    // Zooms by a factor around a point of the canvas, in pixels; false when the limit was reached.
    zoom(factor, px, py) {
      const before = this.scale;
      this.scale = Math.min(LARGEST, Math.max(this.least, before * factor));
      this.touched = true;
      if (this.scale === before) return false;
      this.x += px / before - px / this.scale;
      this.y += py / before - py / this.scale;
      this.paint();
      return true;
    }

    zoomMiddle(factor) {
      this.zoom(factor, this.canvas.clientWidth / 2, this.canvas.clientHeight / 2);
    }

    pan(dx, dy) {
      this.touched = true;
      this.x -= dx / this.scale;
      this.y -= dy / this.scale;
      this.paint();
    }

    listen() {
      const on = (selector, work) => {
        const button = this.figure.querySelector(selector);
        if (button) button.addEventListener("click", work);
      };
      on(".zoom .in", () => this.zoomMiddle(1.25));
      on(".zoom .out", () => this.zoomMiddle(0.8));
      on(".zoom .fit", () => this.fit());
      on(".prev", () => this.move(-1));
      on(".next", () => this.move(1));
      on(".every", () => this.show(0));
      on(".shut", () => this.openGroup(""));
      this.canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
      this.canvas.addEventListener("pointerdown", (event) => this.down(event));
      this.canvas.addEventListener("pointermove", (event) => this.drag(event));
      for (const name of ["pointerup", "pointercancel", "pointerleave"]) {
        this.canvas.addEventListener(name, (event) => this.up(event));
      }
      this.canvas.addEventListener("dragstart", (event) => event.preventDefault());
      this.canvas.addEventListener("click", (event) => this.click(event), true);
      this.canvas.addEventListener("keydown", (event) => this.key(event));
      this.canvas.addEventListener("focusin", (event) => this.focused(event));
    }

    wheel(event) {
      const box = this.canvas.getBoundingClientRect();
      const factor = Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015));
      // At the smallest scale the wheel scrolls the page on: a picture is no trap.
      if (this.zoom(factor, event.clientX - box.left, event.clientY - box.top)) event.preventDefault();
    }

    down(event) {
      if (event.button) return;
      this.pointers.set(event.pointerId, [event.clientX, event.clientY]);
      if (this.pointers.size === 1) this.travelled = 0;
    }

    drag(event) {
      const old = this.pointers.get(event.pointerId);
      if (!old) return;
      const here = [event.clientX, event.clientY];
      const other = [...this.pointers].find(([id]) => id !== event.pointerId);
      this.pointers.set(event.pointerId, here);
      this.travelled += Math.hypot(here[0] - old[0], here[1] - old[1]);
      if (other) this.pinch(old, here, other[1]);
      else if (this.travelled > 4) this.dragOn(event, here[0] - old[0], here[1] - old[1]);
    }

    dragOn(event, dx, dy) {
      if (!this.canvas.hasPointerCapture(event.pointerId)) this.canvas.setPointerCapture(event.pointerId);
      this.canvas.classList.add("dragging");
      this.pan(dx, dy);
    }

    pinch(old, here, other) {
      const before = Math.hypot(old[0] - other[0], old[1] - other[1]);
      const after = Math.hypot(here[0] - other[0], here[1] - other[1]);
      const box = this.canvas.getBoundingClientRect();
      if (before) this.zoom(after / before, (here[0] + other[0]) / 2 - box.left, (here[1] + other[1]) / 2 - box.top);
    }

    up(event) {
      this.pointers.delete(event.pointerId);
      this.canvas.classList.remove("dragging");
    }

    click(event) {
      if (this.travelled > 4) {
        event.preventDefault();
        event.stopPropagation();
        this.travelled = 0;
        return;
      }
      this.choose(event.target, event, true);
    }

    choose(target, event, move) {
      const edge = target.closest("[data-edge]");
      const node = target.closest("[data-node]");
      const title = target.closest("[data-frame^='open:']");
      if (edge) {
        event.preventDefault();
        c.panel.showEdge(this.id, this.data, edge.dataset.edge, edge, move);
        this.mark(edge.dataset.edge);
      } else if (node && this.opens(node.dataset.node)) {
        event.preventDefault();
        this.openGroup(node.dataset.node);
      } else if (title && (event.type === "keydown" || target.closest("text"))) {
        event.preventDefault();
        this.openGroup("");
      } else if (node && !node.closest("a")) {
        event.preventDefault();
        c.panel.showNode(this.id, this.data, node.dataset.node, node, move);
      }
    }

    openFrom(button) {
      if (!button) return;
      c.panel.showEdge(this.id, this.data, button.dataset.open, button, true);
      this.mark(button.dataset.open);
    }

    // An arrow reached with the keyboard shows its evidence at once; Enter goes there.
    focused(event) {
      const edge = event.target.closest("[data-edge]");
      if (edge && edge.matches(":focus-visible")) {
        c.panel.showEdge(this.id, this.data, edge.dataset.edge, edge, false);
        this.mark(edge.dataset.edge);
        this.reveal(edge);
      }
    }

    key(event) {
      const keys = {
        ArrowLeft: () => this.pan(60, 0), ArrowRight: () => this.pan(-60, 0), ArrowUp: () => this.pan(0, 60),
        ArrowDown: () => this.pan(0, -60), "+": () => this.zoomMiddle(1.25), "=": () => this.zoomMiddle(1.25),
        "-": () => this.zoomMiddle(0.8), "0": () => this.fit(), "[": () => this.move(-1), "]": () => this.move(1),
      };
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Enter" || event.key === " ") {
        if (!event.target.closest("a")) this.choose(event.target, event, true);
      } else if (keys[event.key]) {
        event.preventDefault();
        keys[event.key]();
      }
    }

    mark(id) {
      for (const edge of this.edges || []) edge.classList.toggle("chosen", edge.dataset.edge === id);
    }

    // Brings an arrow into sight without changing the scale.
    reveal(edge) {
      const [x, y] = this.middle(edge);
      const wide = this.canvas.clientWidth / this.scale;
      const tall = this.canvas.clientHeight / this.scale;
      if (x < this.x || x > this.x + wide) this.x = x - wide / 2;
      if (y < this.y || y > this.y + tall) this.y = y - tall / 2;
      this.paint();
    }

    move(by) {
      const at = this.steps.indexOf(this.step);
      const next = at < 0 ? (by > 0 ? 0 : this.steps.length - 1) : at + by;
      this.show(this.steps[next] || 0);
    }

    // Shows a step and fades the others; 0 shows all.
    show(n, silent) {
      if (!this.steps.length) return;
      this.step = this.steps.includes(n) ? n : 0;
      if (!silent) c.keep({ v: this.step ? this.id : "", step: this.step || "" });
      const ends = new Set();
      const words = [];
      for (const edge of this.edges) {
        const now = Number(edge.dataset.n) === this.step;
        edge.classList.toggle("now", Boolean(this.step) && now);
        edge.classList.toggle("faded", Boolean(this.step) && !now);
        const told = this.data.edges[edge.dataset.edge];
        if (!this.step || !now || !told) continue;
        ends.add(told.s).add(told.t);
        words.push(`${this.nameOf(told.s)} → ${this.nameOf(told.t)}: ${told.label}`);
        this.reveal(edge);
      }
      for (const node of this.nodes) node.classList.toggle("faded", Boolean(this.step) && !ends.has(node.dataset.node));
      const count = `${this.steps.indexOf(this.step) + 1} of ${this.steps.length}`;
      this.figure.querySelector("output.step").textContent = this.step ? `Step ${count}. ${words.join("; ")}` : "All steps";
    }

    nameOf(id) {
      return this.data.nodes[id] ? this.data.nodes[id].name : id;
    }

    // Whether a box has that name, or lies in the open group of that name.
    called(id, name) {
      const node = this.data.nodes[id];
      if (this.nameOf(id) === name) return true;
      return Boolean(this.group && node && node.frame === "open:" + this.group && this.closed.data.nodes[this.group].name === name);
    }

    // Keeps the arrows that fit the filter; gives how many do, of how many.
    filter(wanted) {
      const fits = (edge) => edge && (!wanted.sync || edge.sync === (wanted.sync === "sync")) &&
        (!wanted.box || [edge.s, edge.t].some((end) => this.called(end, wanted.box))) &&
        (!wanted.conf || edge.conf === wanted.conf) && (!wanted.brittle || edge.brittle);
      const active = Object.values(wanted).some(Boolean);
      const ends = new Set();
      let count = 0;
      for (const edge of Object.values(this.data.edges)) {
        if (!fits(edge)) continue;
        count += 1;
        ends.add(edge.s).add(edge.t);
      }
      for (const edge of this.edges || []) edge.classList.toggle("off", !fits(this.data.edges[edge.dataset.edge]));
      for (const node of this.nodes || []) node.classList.toggle("off", active && !ends.has(node.dataset.node));
      for (const row of this.rows) row.hidden = !fits(this.data.edges[row.dataset.edge]);
      return [count, Object.keys(this.data.edges).length];
    }

    // Paper shows the whole picture; the screen gets its part back.
    print(on) {
      if (!this.svg) return;
      this.printing = on;
      if (on) {
        this.svg.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`);
        this.canvas.style.height = "";
      } else this.open();
    }
  }

  function filters() {
    const form = document.getElementById("filters");
    if (!form) return;
    form.hidden = false;
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", () => {
      c.keep({ sync: form.sync.value, box: form.box.value, conf: form.conf.value, brittle: form.brittle.checked ? "1" : "" });
      applyFilters();
    });
    applyFilters();
  }

  function applyFilters() {
    const form = document.getElementById("filters");
    if (!form) return;
    const state = c.state();
    const wanted = {};
    for (const key of ["sync", "box", "conf"]) {
      form[key].value = state.get(key) || "";
      wanted[key] = form[key].value;
    }
    form.brittle.checked = wanted.brittle = state.get("brittle") === "1";
    let some = 0;
    let all = 0;
    for (const diagram of shown) {
      const [count, total] = diagram.filter(wanted);
      some += count;
      all += total;
    }
    form.querySelector(".shown").textContent = some < all ? `${some} of ${all} arrows` : `${all} arrows`;
  }

  async function readState() {
    const state = c.state();
    for (const diagram of shown) {
      if (diagram.svg) await diagram.openGroup(state.get("o") === diagram.id ? state.get("g") || "" : "", true);
      if (state.get("v") === diagram.id) diagram.show(Number(state.get("step")), true);
      if (state.get("d") !== diagram.id || !diagram.data.edges[state.get("e")]) continue;
      diagram.mark(state.get("e"));
      c.panel.showEdge(diagram.id, diagram.data, state.get("e"), null, false);
      diagram.figure.scrollIntoView({ block: "nearest" });
    }
  }

  c.diagrams = {
    add(figure, data) { shown.push(new Diagram(figure, data)); },
    start(all) {
      for (const figure of document.querySelectorAll("figure.diagram")) {
        if (all[figure.dataset.view]) shown.push(new Diagram(figure, all[figure.dataset.view]));
      }
      filters();
      readState();
    },
    clear() { shown.length = 0; },
    read() { applyFilters(); readState(); },
    print(on) { for (const diagram of shown) diagram.print(on); },
  };
})(window.c4trace);
