"use strict";

// The table of groups: only the rows in sight are in the document. All text is set as text.

const PAUSE = 120; // milliseconds without a key before a search begins
const SPARE = 8; // rows above and below those in sight

const byId = (id) => document.getElementById(id);

function make(tag, className, text) {
  const element = document.createElement(tag);
  element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

/** The data as data.py packed it: JSON, compressed, as base64. */
async function unpack(text) {
  const characters = atob(text);
  const packed = new Uint8Array(characters.length);
  for (let place = 0; place < packed.length; place += 1) packed[place] = characters.charCodeAt(place);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

class Table {
  constructor(groups) {
    this.groups = groups;
    this.grid = byId("grid");
    this.rows = byId("rows");
    this.shown = groups.matching("");
    this.column = "reclaimable";
    this.descending = true;
    this.active = 0;
    this.frame = 0;
  }

  start() {
    this.grid.addEventListener("scroll", () => this.draw());
    this.grid.addEventListener("keydown", (event) => this.press(event));
    this.rows.addEventListener("click", (event) => this.click(event));
    for (const button of this.grid.querySelectorAll("button")) {
      button.addEventListener("click", () => this.sortBy(button.dataset.column));
    }
    new ResizeObserver(() => this.draw()).observe(this.grid);
    this.listen();
    this.update();
  }

  listen() {
    const search = byId("search");
    let timer = 0;
    search.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.search(search.value), PAUSE);
    });
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest("input, dialog") || event.ctrlKey || event.metaKey || event.altKey;
      if (event.key !== "/" || typing) return;
      event.preventDefault();
      search.focus();
    });
  }

  search(query) {
    this.shown = this.groups.matching(query);
    this.sorted();
  }

  sortBy(column) {
    const textual = column === "name" || column === "evidence";
    this.descending = column === this.column ? !this.descending : !textual;
    this.column = column;
    for (const button of this.grid.querySelectorAll("button")) {
      const direction = this.descending ? "descending" : "ascending";
      button.parentElement.setAttribute("aria-sort", button.dataset.column === column ? direction : "none");
    }
    this.sorted();
  }

  sorted() {
    this.groups.sort(this.shown, this.column, this.descending);
    this.active = 0;
    this.grid.scrollTop = 0;
    this.update();
  }

  /** After the shown groups changed. */
  update() {
    const count = this.shown.length;
    const all = humanCount(this.groups.length, "group");
    const found = count === this.groups.length ? all : `${grouped(count)} of ${all}`;
    byId("status").textContent = `${found}, ${humanBytes(this.groups.reclaimable(this.shown))} reclaimable`;
    this.grid.setAttribute("aria-rowcount", String(count + 1));
    this.draw();
  }

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.drawNow());
  }

  drawNow() {
    this.height = parseFloat(getComputedStyle(this.grid).getPropertyValue("--row"));
    this.rows.style.height = `${this.shown.length * this.height}px`;
    const first = Math.max(0, Math.floor(this.grid.scrollTop / this.height) - SPARE);
    const last = Math.min(this.shown.length, first + Math.ceil(this.grid.clientHeight / this.height) + 2 * SPARE);
    const rows = [];
    for (let place = first; place < last; place += 1) rows.push(this.row(place));
    this.rows.replaceChildren(...rows);
    this.mark();
  }

  row(place) {
    const index = this.shown[place];
    const row = make("div", "row");
    row.id = `row-${place}`;
    row.dataset.place = String(place);
    row.setAttribute("role", "row");
    row.setAttribute("aria-rowindex", String(place + 2));
    row.style.top = `${place * this.height}px`;
    row.append(
      this.cell("num strong", humanBytes(this.groups.columns.reclaimable[index])),
      this.cell("num", this.groups.money(index)),
      this.cell("num copies", grouped(this.groups.copies(index))),
      this.cell("num size", humanBytes(this.groups.columns.size[index])),
      this.cell("kind", this.groups.kind(index)),
      this.name(this.groups.keeper(index)),
    );
    return row;
  }

  cell(className, text) {
    const cell = make("span", className, text);
    cell.setAttribute("role", "gridcell");
    return cell;
  }

  /** A name of which the end stays in sight where there is no room for all of it. */
  name(text) {
    const cut = Math.max(text.lastIndexOf("/", text.length - 2), text.length - 40);
    const cell = this.cell("name");
    cell.title = text;
    cell.append(make("span", "start", text.slice(0, cut)), make("span", "end", text.slice(cut)));
    return cell;
  }

  mark() {
    for (const row of this.rows.children) {
      row.setAttribute("aria-selected", String(Number(row.dataset.place) === this.active));
    }
    const active = byId(`row-${this.active}`);
    if (active === null) this.grid.removeAttribute("aria-activedescendant");
    else this.grid.setAttribute("aria-activedescendant", active.id);
  }

  press(event) {
    if (event.target !== this.grid) return;
    const page = Math.max(1, Math.floor(this.grid.clientHeight / this.height) - 2);
    const end = this.shown.length - 1;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -end, End: end };
    if (event.key in steps) this.moveTo(Math.min(end, Math.max(0, this.active + steps[event.key])));
    else if (event.key === "Enter" || event.key === " ") this.open(this.active);
    else return;
    event.preventDefault();
  }

  moveTo(place) {
    this.active = Math.max(0, place);
    const head = this.grid.querySelector(".head").offsetHeight;
    const top = this.active * this.height;
    const room = this.grid.clientHeight - head - this.height;
    if (top < this.grid.scrollTop) this.grid.scrollTop = top;
    else if (top > this.grid.scrollTop + room) this.grid.scrollTop = top - room;
    this.drawNow();
  }

  click(event) {
    const row = event.target.closest(".row");
    if (row === null || String(getSelection())) return;
    this.active = Number(row.dataset.place);
    this.mark();
    this.open(this.active);
  }

  /** All copies of one group. */
  open(place) {
    if (place >= this.shown.length) return;
    const index = this.shown[place];
    const copies = this.groups.copies(index);
    const objects = this.groups.objects(index);
    const size = humanBytes(this.groups.columns.size[index]);
    byId("group-title").textContent = `${grouped(copies)} copies of ${size}`;
    byId("group-evidence").textContent = this.groups.meaning(index);
    byId("group-objects").replaceChildren(...objects.map((item) => object(item)));
    byId("group-more").textContent =
      objects.length < copies ? `And ${grouped(copies - objects.length)} more, which the other formats have.` : "";
    byId("group").showModal();
    byId("group").scrollTop = 0;
  }
}

function object(item) {
  const entry = make("li", item.role === "redundant" ? "" : "keeper");
  const facts = [item.role, item.storage, item.modified];
  if (item.effect !== null) facts.push(`deleting it: ${item.effect}`);
  if (item.version !== null) facts.push(`version ${item.version}`);
  entry.append(make("code", "", item.name), make("span", "muted", facts.join("  \u00b7  ")));
  return entry;
}

async function start() {
  const groups = new Groups(await unpack(byId("data").textContent));
  if (groups.length === 0) return;
  document.documentElement.classList.add("js");
  byId("groups").hidden = false;
  new Table(groups).start();
}

// A browser that cannot do it (DecompressionStream came in 2023) keeps the plain table of the largest groups.
start();
