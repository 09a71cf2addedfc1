"use strict";

// The groups without the page: reading, searching and sorting them, and a number's words. Any JavaScript engine runs it.

const UNITS = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/** 1234567 as "1,234,567". */
function grouped(number) {
  return String(number).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** Bytes as s3dedup.text.human_bytes writes them. */
function humanBytes(size) {
  if (size < 1024) return `${size} B`;
  let amount = size / 1024;
  let unit = 0;
  while (amount >= 1023.95 && unit < UNITS.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  // Python rounds x.25 down (half to even), toFixed rounds it up.
  const tenths = (amount % 1 === 0.25 ? amount - 0.05 : amount).toFixed(1);
  const [whole, tenth] = tenths.split(".");
  return `${amount < 1024 ? whole : grouped(whole)}.${tenth} ${UNITS[unit]}`;
}

/** A count with its noun, as s3dedup.text.human_count writes it. */
function humanCount(number, noun) {
  return `${grouped(number)} ${noun}${number === 1 ? "" : "s"}`;
}

class Groups {
  /** `data` is what data.py wrote: `buckets`, `classes`, `kinds`, `meanings` by number, and a row for each group. */
  constructor(data) {
    this.buckets = data.buckets;
    this.classes = data.classes;
    this.kinds = data.kinds;
    this.meanings = data.meanings;
    this.effects = data.effects;
    this.rows = data.groups;
    this.columns = {
      size: this.column((row) => row[0]),
      copies: this.column((row) => row[1]),
      reclaimable: this.column((row) => row[0] * (row[1] - row[6])),
      usd: this.column((row) => (row[2] === null ? NaN : row[2])),
    };
    this.texts = null;
  }

  get length() {
    return this.rows.length;
  }

  column(value) {
    return Float64Array.from(this.rows, value);
  }

  copies(index) {
    return this.rows[index][1];
  }

  money(index) {
    return this.rows[index][3];
  }

  kind(index) {
    return this.kinds[this.rows[index][4]];
  }

  meaning(index) {
    return `${this.kind(index)}: ${this.meanings[this.rows[index][4]]}`;
  }

  /** The objects of a group that are on the page, keeper first. */
  objects(index) {
    const kept = this.rows[index][6];
    const effects = this.rows[index][7];
    return this.rows[index][5].map(([bucket, storage, seconds, key, version], rank) => ({
      role: rank >= kept ? "redundant" : rank ? "protected" : "keeper",
      name: `s3://${this.buckets[bucket]}/${key}`,
      effect: rank >= kept ? this.effects[effects[rank - kept]] : null,
      version: version === undefined ? null : version,
      storage: this.classes[storage],
      modified: new Date(seconds * 1000).toISOString().slice(0, 10),
    }));
  }

  keeper(index) {
    const [bucket, , , key] = this.rows[index][5][0];
    return `s3://${this.buckets[bucket]}/${key}`;
  }

  /** The numbers of the groups of which every word of `query` is in the names, in the order of the report. */
  matching(query) {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    const found = [];
    for (let index = 0; index < this.length; index += 1) {
      if (words.every((word) => this.text(index).includes(word))) found.push(index);
    }
    return found;
  }

  /** What is searched of a group; made when it is first asked for, for most pages are never searched. */
  text(index) {
    if (this.texts === null) this.texts = new Array(this.length);
    if (this.texts[index] === undefined) {
      const names = this.rows[index][5].map(([bucket, , , key]) => `s3://${this.buckets[bucket]}/${key}`);
      this.texts[index] = `${names.join("\n")}\n${this.kind(index)}`.toLowerCase();
    }
    return this.texts[index];
  }

  /** Sort numbers of groups in place; equal ones stay in the order of the report, unknown ones come last. */
  sort(indices, column, descending) {
    const sign = descending ? -1 : 1;
    const values = this.columns[column];
    if (values === undefined) return this.sortByText(indices, column === "name" ? this.keeper : this.kind, sign);
    return indices.sort((one, other) => {
      const a = values[one];
      const b = values[other];
      if (a === b) return one - other;
      if (a !== a || b !== b) return (a !== a) - (b !== b) || one - other;
      return a < b ? -sign : sign;
    });
  }

  sortByText(indices, text, sign) {
    const texts = new Map(indices.map((index) => [index, text.call(this, index)]));
    return indices.sort((one, other) => {
      const a = texts.get(one);
      const b = texts.get(other);
      if (a === b) return one - other;
      return a < b ? -sign : sign;
    });
  }

  /** The reclaimable bytes of some groups. */
  reclaimable(indices) {
    return indices.reduce((sum, index) => sum + this.columns.reclaimable[index], 0);
  }
}
