// Tables: sort by a column's head, filter by words and menus, show the rows kept beside the page, export as CSV.
(function (c) {
  "use strict";
  const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const tables = new Map();
  // Files of further rows that a page reads without being asked; each weighs at most half a megabyte.
  const AHEAD = 2;

  class Table {
    constructor(section) {
      this.section = section;
      this.id = section.id;
      this.body = section.querySelector("tbody");
      this.heads = [...section.querySelectorAll("thead th")];
      this.total = Number(section.dataset.total);
      this.whole = this.body.rows.length >= this.total;
      this.loading = null;
      this.tools();
      this.sorters();
      this.read();
    }

    tools() {
      const bar = this.section.querySelector(".tools");
      bar.hidden = false;
      this.filter = bar.querySelector(".filter");
      this.menus = [...bar.querySelectorAll(".choice")];
      this.shown = bar.querySelector(".shown");
      this.filter.addEventListener("input", () => { c.keep({ ["f." + this.id]: this.filter.value }); this.apply(); });
      for (const menu of this.menus) {
        menu.addEventListener("change", () => {
          c.keep({ ["c." + this.id + "." + menu.dataset.column]: menu.value });
          this.apply();
        });
      }
      bar.querySelector(".csv").addEventListener("click", () => this.download());
      this.more = this.section.querySelector(".more");
      if (this.more) this.more.querySelector(".all").addEventListener("click", () => this.expand());
    }

    sorters() {
      this.heads.forEach((head, index) => {
        const button = c.el("button", { type: "button", class: "sorter", onclick: () => this.sortBy(index) });
        button.append(...head.childNodes);
        head.append(button);
      });
    }

    // The state in the address, at the start and when it is changed by hand or by Back.
    read() {
      const state = c.state();
      this.filter.value = state.get("f." + this.id) || "";
      for (const menu of this.menus) menu.value = state.get("c." + this.id + "." + menu.dataset.column) || "";
      const sorted = state.get("s." + this.id);
      if (sorted) this.sort(Math.abs(Number(sorted)) - 1, Number(sorted) > 0);
      this.apply();
    }

    // Reads the files with the further rows, once. Their markup was escaped by the generator, like the page's own.
    readAhead() {
      if (!this.loading) {
        const names = Array.from({ length: Number(this.section.dataset.files) }, (_, n) => `${this.section.dataset.rows}-${n}`);
        this.loading = Promise.all(names.map((name) => c.load(name))).then((parts) => {
          this.parts = parts.map(unpacked);
          this.section.dataset.ready = "";
        });
      }
      return this.loading;
    }

    // Adds the further rows; whoever needs all rows waits for it.
    async expand() {
      if (this.whole) return;
      this.shown.textContent = "reading all rows…";
      try { await this.readAhead(); } catch (missing) {
        this.shown.textContent = "the further rows are not part of this copy of the site";
        return;
      }
      this.add();
    }

    add() {
      if (this.whole || !this.parts) return;
      this.whole = true;
      for (const part of this.parts) this.body.insertAdjacentHTML("beforeend", part);
      if (this.more) this.more.hidden = true;
      this.apply();
    }

    apply() {
      const words = this.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      const wanted = this.menus.filter((menu) => menu.value).map((menu) => [Number(menu.dataset.column), menu.value]);
      if ((words.length || wanted.length) && !this.whole) {
        this.expand();
        return;
      }
      let count = 0;
      for (const row of this.body.rows) {
        const text = words.length ? row.textContent.toLowerCase() : "";
        const fits = words.every((word) => text.includes(word)) &&
          wanted.every(([column, value]) => plain(row.cells[column]) === value);
        row.hidden = !fits;
        if (fits) count += 1;
      }
      this.shown.textContent = count < this.body.rows.length ? `${count} of ${this.total} rows` : "";
    }

    sortBy(index) {
      const rising = this.heads[index].getAttribute("aria-sort") !== "ascending";
      c.keep({ ["s." + this.id]: rising ? index + 1 : -(index + 1) });
      this.sort(index, rising);
    }

    async sort(index, rising) {
      if (!this.heads[index]) return;
      await this.expand();
      this.heads.forEach((head) => head.removeAttribute("aria-sort"));
      this.heads[index].setAttribute("aria-sort", rising ? "ascending" : "descending");
      const rows = [...this.body.rows].map((row) => [plain(row.cells[index]), row]);
      rows.sort((a, b) => (rising ? 1 : -1) * order.compare(a[0], b[0]));
      this.body.append(...rows.map((pair) => pair[1]));
    }

    async download() {
      await this.expand();
      const lines = [this.heads.map((head) => head.textContent.trim())];
      for (const row of this.body.rows) if (!row.hidden) lines.push([...row.cells].map(lineOf));
      const text = "\ufeff" + lines.map((line) => line.map(quoted).join(",")).join("\r\n") + "\r\n";
      const link = c.el("a", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: this.id + ".csv" });
      document.body.append(link);
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    }
  }

  // What recurs stands for itself again; the marks are undone in the order in which they were made, backwards.
  const unpacked = ([rows, marks]) => marks.reduceRight((text, [mark, whole]) => text.split(mark).join(whole), rows);

  const plain = (td) => (td.dataset.key !== undefined ? td.dataset.key : td.textContent.trim());

  // A cell on one line: its pieces, which stand one under the other on the page, joined.
  function lineOf(td) {
    const parts = [""];
    (function walk(node) {
      for (const child of node.childNodes) {
        if (child.nodeName === "BR" || child.nodeName === "SUMMARY") parts.push("");
        else if (child.nodeName === "svg") continue;
        else if (child.nodeType === Node.TEXT_NODE) parts[parts.length - 1] += child.data;
        else walk(child);
      }
    })(td);
    return parts.map((part) => part.replace(/\s+/g, " ").trim()).filter(Boolean).join("; ");
  }

  // A spreadsheet must not run what the scanned code wrote: such cells start with an apostrophe.
  function quoted(text) {
    const safe = /^[=+\-@\t\r]/.test(text) ? "'" + text : text;
    return '"' + safe.replace(/"/g, '""') + '"';
  }

  // A row that a link points at may lie beyond those the page carries.
  async function goToRow() {
    const id = location.hash.slice(1);
    if (!/^r[0-9a-f]{10}$/.test(id)) return;
    if (!document.getElementById(id)) await Promise.all([...tables.values()].map((table) => table.expand()));
    const row = document.getElementById(id);
    if (!row) return;
    document.querySelectorAll("tr.target").forEach((old) => old.classList.remove("target"));
    row.classList.add("target");
    row.hidden = false;
    row.scrollIntoView({ block: "center" });
  }

  c.tables = {
    start() {
      for (const section of document.querySelectorAll("section.table")) {
        if (section.querySelector("tbody")) tables.set(section.id, new Table(section));
      }
      goToRow();
      // Paper cannot wait for files: once the page stands, they are read ahead, as far as a page may weigh.
      const idle = window.requestIdleCallback || ((work) => setTimeout(work, 500));
      window.addEventListener("load", () => idle(() => {
        let room = AHEAD;
        for (const table of tables.values()) {
          const files = Number(table.section.dataset.files);
          if (table.whole || files > room) continue;
          room -= files;
          table.readAhead().catch(() => undefined);
        }
      }));
    },
    read() { for (const table of tables.values()) table.read(); goToRow(); },
    // What has been read is added at once. What has not says so on the paper, and is ready for the next print.
    print() { for (const table of tables.values()) table.parts ? table.add() : table.expand(); },
  };
})(window.c4trace);
