// What has not left yet, kept so that reloads, crashes and closed tabs lose nothing: in IndexedDB,
// which all tabs share; where there is none, in this tab's memory and session storage.
// Everybody who logs in on this computer has a queue of their own.
const STORE = "outbox";

/** The queue of `owner`, oldest entry first. */
export async function openQueue(owner) {
  try {
    return new Shared(await open(), owner);
  } catch {
    return new Alone(owner);
  }
}

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("inbox", 1);
    request.onupgradeneeded = () => {
      const store = request.result.createObjectStore(STORE, { keyPath: "place", autoIncrement: true });
      store.createIndex("owner", "owner");
      store.createIndex("id", "id", { unique: true });
    };
    request.onsuccess = () => {
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = request.onblocked = () => reject(request.error);
  });
}

class Shared {
  isShared = true;
  #database;
  #owner;

  constructor(database, owner) {
    this.#database = database;
    this.#owner = owner;
  }

  all() { return this.#do("readonly", (store) => store.index("owner").getAll(this.#owner)); }
  add(entry) { return this.#do("readwrite", (store) => store.add({ ...entry, owner: this.#owner })); }

  /** Change an entry that is still there; undefined if it is not. */
  change(id, values) {
    return this.#found(id, (store, entry) => store.put(Object.assign(entry, values)));
  }

  /** Remove an entry; it, or undefined if another tab was faster. */
  take(id) { return this.#found(id, (store, entry) => store.delete(entry.place)); }

  #found(id, act) {
    let found;
    const done = this.#do("readwrite", (store) => {
      const request = store.index("id").get(id);
      request.onsuccess = () => {
        found = request.result?.owner === this.#owner ? request.result : undefined;
        if (found) act(store, found);
      };
      return request;
    });
    return done.then(() => found);
  }

  #do(mode, act) {
    return new Promise((resolve, reject) => {
      const transaction = this.#database.transaction(STORE, mode);
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  }
}

class Alone {
  isShared = false;
  #entries;
  #key;

  constructor(owner) {
    this.#key = `inbox.outbox.${owner}`;
    try {
      this.#entries = JSON.parse(sessionStorage.getItem(this.#key)) ?? [];
    } catch {
      this.#entries = [];
    }
  }

  async all() { return [...this.#entries]; }

  async add(entry) { this.#keep([...this.#entries, entry]); }

  async change(id, values) {
    const entry = this.#entries.find((each) => each.id === id);
    if (entry) Object.assign(entry, values);
    this.#keep(this.#entries);
    return entry;
  }

  async take(id) {
    const entry = this.#entries.find((each) => each.id === id);
    this.#keep(this.#entries.filter((each) => each !== entry));
    return entry;
  }

  /** Files cannot be written down here; they live as long as the page. */
  #keep(entries) {
    this.#entries = entries;
    const isPlain = ({ fields }) => !Object.values(fields).some((value) => value instanceof Blob);
    try {
      sessionStorage.setItem(this.#key, JSON.stringify(entries.filter(isPlain)));
    } catch { /* storage may be off or full; the entries live as long as the page */ }
  }
}
