// The evidence panel: what an arrow or a box is, and the lines of code that say so.
(function (c) {
  "use strict";
  const el = c.el;
  const HOW = {
    call: "calls", enqueue: "queues", signal: "is signalled", hook: "is run by a hook from", schedule: "is scheduled by", route: "is routed by",
    override: "is overridden by", callback: "is handed over to",
  };
  let opener = null;
  // Details load later than they are asked for: what was asked for last is shown, and nothing after a close.
  let turn = 0;
  let returning = false;

  const panel = () => document.getElementById("panel");

  function open(title, parts, from, move) {
    opener = from || opener;
    document.getElementById("panel-title").textContent = title;
    document.getElementById("panel-body").replaceChildren(...parts);
    panel().hidden = false;
    document.body.classList.add("with-panel");
    if (move) document.getElementById("panel-title").focus();
  }

  function close() {
    turn += 1;
    if (panel().hidden) return;
    panel().hidden = true;
    document.body.classList.remove("with-panel");
    c.keep({ d: "", e: "", flow: "" });
    returning = true;
    if (opener && opener.isConnected) opener.focus({ preventScroll: true });
    returning = false;
    opener = null;
  }

  async function showFlow(id, from, move) {
    const mine = ++turn;
    c.keep({ d: "", e: "", flow: id });
    const parts = await flowParts([id]);
    const detail = await detailOf(id).catch(() => null);
    if (mine === turn) open(detail ? `${detail.source} → ${detail.target}` : "Evidence", parts, from, move);
  }

  // An arrow of a diagram: `data` is the diagram's data, the arrow stands for one flow or several.
  async function showEdge(view, data, id, from, move) {
    const edge = data.edges[id];
    if (!edge || returning) return;
    const mine = ++turn;
    c.keep({ d: view, e: id, flow: "" });
    const name = (key) => (data.nodes[key] ? data.nodes[key].name : key);
    const head = el("p", { class: "arrow-head" }, ...badges(edge), edge.n ? ` step ${edge.n}` : "");
    const parts = [head, el("p", { class: "moves" }, edge.label || "data")];
    if ((edge.about || []).length) parts.push(facts(edge.about));
    if (edge.evidence.length) parts.push(evidence(edge.evidence));
    if (edge.flows.length) {
      const told = await flowParts(edge.flows);
      if (edge.evidence.length) parts.push(el("details", { class: "flow", open: true }, el("summary", {}, "The whole arrow, of which this is a step"), ...told));
      else parts.push(...told);
    } else if (!edge.evidence.length) parts.push(el("p", { class: "empty" }, "This arrow follows from the steps beside it; it has no line of its own."));
    parts.push(copyButton());
    if (mine === turn) open(`${name(edge.s)} → ${name(edge.t)}`, parts, from, move);
  }

  function showNode(view, data, id, from, move) {
    const node = data.nodes[id];
    if (!node) return;
    turn += 1;
    const arrows = Object.entries(data.edges);
    const list = (title, found, other) => found.length ? [el("h3", {}, title), el("ul", { class: "plain" },
      ...found.map(([key, edge]) => el("li", {}, el("button", {
        type: "button", class: "open", onclick: () => showEdge(view, data, key, null, true),
      }, `${data.nodes[edge[other]] ? data.nodes[edge[other]].name : edge[other]}: ${edge.label}`))))] : [];
    const parts = [
      el("p", { class: "note" }, [node.kind, node.tech, node.external ? "outside the estate" : ""].filter(Boolean).join(", ")),
      el("p", {}, node.about),
      node.href ? el("p", {}, el("a", { href: node.href }, "Open its diagram")) : null,
      ...(node.members || []).length ? [el("h3", {}, "Stands for"), el("ul", {}, ...node.members.map(([name, tech, about]) =>
        el("li", {}, el("b", {}, name), tech ? ` [${tech}] ` : " ", el("span", { class: "note" }, about))))] : [],
      ...list("Sends or asks", arrows.filter(([, edge]) => edge.s === id), "t"),
      ...list("Is sent or asked by", arrows.filter(([, edge]) => edge.t === id), "s"),
      (node.evidence || []).length ? evidence(node.evidence) : null,
    ];
    open(node.name, parts.filter(Boolean), from, move);
  }

  function badges(edge) {
    return [
      el("span", { class: "badge " + (edge.sync ? "sync" : "async") }, edge.sync ? "synchronous" : "asynchronous"),
      " ", edge.conf || edge.confidence ? el("span", { class: "badge plain" }, edge.conf || edge.confidence) : "",
      edge.brittle ? el("span", { class: "badge warn" }, "⚠ brittle") : "",
      edge.basis ? el("span", { class: "badge plain" }, edge.basis) : "",
    ];
  }

  async function detailOf(id) {
    const index = await c.load("flows-index");
    if (!Object.hasOwn(index, id)) return null;
    return (await c.load("flows-" + index[id]))[id];
  }

  async function flowParts(ids) {
    const details = [];
    for (const id of ids) {
      try { details.push(await detailOf(id)); } catch (missing) { details.push(null); }
    }
    return details.map((detail, n) => {
      if (!detail) return el("p", { class: "empty" }, "The details of this flow are not part of this copy of the site.");
      if (ids.length === 1) return el("div", {}, ...flow(detail));
      return el("details", { class: "flow", open: n === 0 }, el("summary", {}, detail.label), ...flow(detail));
    });
  }

  function flow(f) {
    const known = [
      ["From", f.source], ["To", f.target], ["Moves", f.label], ["Data", f.data], ["Protocol", f.protocol],
      ["Trigger", f.trigger], ["Cadence", f.cadence], ["Only if", f.condition],
      ["Blocks", f.sync ? "yes: the caller waits" : "no: queued, scheduled or event-driven"],
      ["Confidence", f.confidence], ["Because", f.why],
    ].filter((pair) => pair[1]);
    return [
      ...f.findings.map(finding), facts(known), evidence(f.evidence), ...chain(f.chain),
      ...calls(f.calls), ...schedules(f.schedules),
    ];
  }

  function facts(pairs) {
    return el("dl", { class: "facts" }, ...pairs.flatMap(([key, value]) => [el("dt", {}, key), el("dd", {}, value)]));
  }

  function finding([rule, severity, message, remedy, where, url, suppressed]) {
    return el("div", { class: "finding" + (suppressed ? " quietly" : "") },
      el("p", {}, el("b", {}, "⚠ " + message)),
      remedy ? el("p", {}, "Mend: " + remedy) : null,
      el("p", { class: "note" }, `${rule}, ${severity} `, c.codeLink(where, url)),
      suppressed ? el("p", { class: "note" }, "Suppressed: " + suppressed) : null);
  }

  function evidence(rows) {
    return el("div", {}, el("h3", {}, "Evidence"), el("ul", { class: "evidence" }, ...rows.map(([role, repo, where, url, text]) =>
      el("li", {}, el("span", { class: "role" }, role), " ", el("span", { class: "note" }, repo), el("br"),
        c.codeLink(where, url), text ? el("pre", { tabindex: "0" }, text) : null))));
  }

  function chain(hops) {
    if (!hops.length) return [];
    return [el("h3", {}, "From entry point to call"), el("ol", { class: "chain" }, ...hops.map(([how, name, repo, where, url]) =>
      el("li", {}, el("span", { class: "role" }, HOW[how] || how), " ", el("b", { class: "code" }, name), el("br"),
        c.codeLink(where, url), " ", el("span", { class: "note" }, repo))))];
  }

  function calls(rows) {
    if (!rows.length) return [];
    return [el("h3", {}, "Requests"), el("ul", { class: "plain" }, ...rows.map(([request, timeout, auth, href, via]) =>
      el("li", {}, el("a", { href: c.root + href, class: "code" }, request), el("br"),
        el("span", { class: "note" }, [via && `through ${via}`, `timeout: ${timeout}`, auth].filter(Boolean).join(", ")))))];
  }

  function schedules(rows) {
    if (!rows.length) return [];
    return [el("h3", {}, "Schedules"), el("ul", { class: "plain" }, ...rows.map(([key, cadence, href, note]) =>
      el("li", {}, el("a", { href: c.root + href }, key), ": " + cadence, note ? el("p", { class: "note" }, note) : null)))];
  }

  function copyButton() {
    return el("p", {}, el("button", { type: "button", class: "quiet", onclick: async (event) => {
      try { await navigator.clipboard.writeText(location.href); event.target.textContent = "Copied"; }
      catch (refused) { event.target.textContent = location.href; }
    } }, "Copy the link to this arrow"));
  }

  c.panel = {
    showFlow, showEdge, showNode, close,
    start() {
      document.getElementById("panel-close").addEventListener("click", close);
      document.addEventListener("click", (event) => {
        const button = event.target.closest("button[data-flow]");
        if (button) showFlow(button.dataset.flow, button, true);
      });
      document.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && !document.querySelector("dialog[open]")) close();
      });
      const id = c.state().get("flow");
      if (id) showFlow(id, null, false);
    },
  };
})(window.c4trace);
