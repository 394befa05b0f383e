/** The store's shape, kept by the page alone: for a browser that forbids IndexedDB. What is in it ends with the page. */

const SHELVES = ["queue", "seen"];

function shelf() {
  const rows = new Map();
  return {
    all: async () => structuredClone([...rows.values()]),
    get: async (id) => structuredClone(rows.get(id)),
    async put(row) {
      rows.set(row.scan_id, structuredClone(row));
    },
    async change(id, fields) {
      if (rows.has(id)) rows.set(id, structuredClone({ ...rows.get(id), ...fields }));
    },
    async remove(id) {
      rows.delete(id);
    },
  };
}

export function createMemory() {
  const values = new Map();
  return {
    lasting: false,
    ...Object.fromEntries(SHELVES.map((name) => [name, shelf()])),
    read: async (name) => structuredClone(values.get(name)),
    async write(name, value) {
      values.set(name, structuredClone(value));
    },
  };
}
